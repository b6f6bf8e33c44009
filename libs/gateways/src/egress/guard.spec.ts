import { newId } from '@writ/kernel';
import fc from 'fast-check';
import { kindOfAddress } from './address';
import { EgressGuard, type Lookup } from './guard';
import { readEgressRules } from './rules';

const tenant = newId('tenant');
const PUBLIC = '93.184.216.34';

interface World {
  readonly egress?: string;
  readonly answers?: readonly string[];
  readonly origins?: readonly string[];
}

/** What the guard says of a URL: the addresses it may be reached at, or the code of the refusal. */
async function admit(text: string, world: World = {}): Promise<readonly string[] | string> {
  const url = new URL(text);
  const lookup: Lookup = () => Promise.resolve((world.answers ?? [PUBLIC]).map((address) => ({ address })));
  const guard = new EgressGuard({ rules: readEgressRules(world.egress), lookup });
  const admitted = await guard.admit({ url, tenant, origins: world.origins ?? [url.origin] });
  return admitted.ok ? admitted.value.addresses : admitted.failure.code;
}

describe('the egress guard', () => {
  it('admits a listed https name at its public addresses', async () => {
    expect(await admit('https://api.example.com/x')).toEqual([PUBLIC]);
    expect(await admit('https://api.example.com:8443/x', { answers: ['2606:4700::1', PUBLIC] })).toEqual([
      '2606:4700::1',
      PUBLIC,
    ]);
  });

  const URLS: readonly (readonly [url: string, code: string, world?: World])[] = [
    ['https://evil.example', 'egress_origin_not_allowed', { origins: ['https://api.example.com'] }],
    ['https://api.example.com', 'egress_origin_not_allowed', { origins: [] }],
    ['https://api.example.com.evil.example', 'egress_origin_not_allowed', { origins: ['https://api.example.com'] }],
    ['https://api.example.com.', 'egress_origin_not_allowed', { origins: ['https://api.example.com'] }],
    ['https://api.example.com:8443', 'egress_origin_not_allowed', { origins: ['https://api.example.com'] }],
    ['http://api.example.com', 'egress_origin_not_allowed', { origins: ['https://api.example.com'] }],
    ['https://xn--pi-7ja.example.com', 'egress_origin_not_allowed', { origins: ['https://api.example.com'] }],
    ['http://api.example.com', 'egress_insecure'],
    ['ftp://api.example.com', 'egress_url_invalid'],
    ['file:///etc/passwd', 'egress_url_invalid'],
    ['https://user@api.example.com', 'egress_url_invalid'],
    ['https://user:pass@api.example.com', 'egress_url_invalid'],
    ['https://:pass@api.example.com', 'egress_url_invalid'],
    ['https://api.example.com:22', 'egress_port_not_allowed'],
    ['https://api.example.com:6379', 'egress_port_not_allowed'],
    ['https://localhost', 'egress_host_not_allowed'],
    ['https://metadata', 'egress_host_not_allowed'],
    ['https://127.0.0.1', 'egress_host_not_allowed'],
    ['https://2130706433', 'egress_host_not_allowed'],
    ['https://0x7f000001', 'egress_host_not_allowed'],
    ['https://0177.0.0.1', 'egress_host_not_allowed'],
    ['https://127.1', 'egress_host_not_allowed'],
    ['https://169.254.169.254', 'egress_host_not_allowed'],
    ['https://[::1]', 'egress_host_not_allowed'],
    ['https://[::ffff:127.0.0.1]', 'egress_host_not_allowed'],
    ['https://[fd00:ec2::254]', 'egress_host_not_allowed'],
    ['https://93.184.216.34', 'egress_host_not_allowed'],
    ['https://api.example.com', 'egress_origin_not_allowed', { egress: 'https://other.example' }],
    [
      'https://api.example.com',
      'egress_origin_not_allowed',
      { egress: `https://api.example.com;tenant=${newId('tenant')}` },
    ],
    // Vouched for as an address and still no address to reach: no setting opens these.
    ['http://169.254.169.254', 'egress_address_forbidden', { egress: 'http://169.254.169.254;private' }],
    ['http://0.0.0.0', 'egress_address_forbidden', { egress: 'http://0.0.0.0;private' }],
    ['http://[::ffff:7f00:1]', 'egress_address_forbidden', { egress: 'http://[::ffff:7f00:1];private' }],
    ['http://127.0.0.1', 'egress_address_forbidden', { egress: 'http://127.0.0.1' }],
  ];
  it.each(URLS.map(([url, code, world = {}]) => [url, code, world] as const))('%s: %s', async (url, code, world) => {
    expect(await admit(url, world)).toBe(code);
  });

  const ANSWERS: readonly (readonly [what: string, answers: readonly string[]])[] = [
    ['loopback', ['127.0.0.1']],
    ['all of this machine', ['0.0.0.0']],
    ['loopback in IPv6', ['::1']],
    ['loopback as a mapped address', ['::ffff:127.0.0.1']],
    ['loopback through a translator', ['64:ff9b::7f00:1']],
    ['loopback through 6to4', ['2002:7f00:1::1']],
    ['a private network', ['10.0.0.5']],
    ['another private network', ['192.168.0.1']],
    ['a carrier’s network', ['100.64.0.1']],
    ['a unique local address', ['fd12::1']],
    ['a link-local address', ['fe80::1']],
    ['a link-local address with its zone', ['fe80::1%eth0']],
    ['the metadata service', ['169.254.169.254']],
    ['the metadata service of IPv6', ['fd00:ec2::254']],
    ['the metadata service through a translator', ['64:ff9b::a9fe:a9fe']],
    ['multicast', ['224.0.0.1']],
    ['broadcast', ['255.255.255.255']],
    ['a public address and a private one', [PUBLIC, '10.0.0.5']],
    ['an address in octal', ['0177.0.0.1']],
    ['an address in one number', ['2130706433']],
    ['no address at all', ['localhost']],
  ];
  it.each(ANSWERS)('refuses a name that leads to %s', async (_what, answers) => {
    expect(await admit('https://api.example.com', { answers })).toBe('egress_address_forbidden');
  });

  it('refuses a name that leads nowhere, and a resolver that fails', async () => {
    expect(await admit('https://api.example.com', { answers: [] })).toBe('egress_name_unresolved');
    const failing: Lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ESERVFAIL' }));
    const guard = new EgressGuard({ rules: readEgressRules(undefined), lookup: failing });
    const url = new URL('https://api.example.com');
    expect(await guard.admit({ url, tenant, origins: [url.origin] })).toMatchObject({
      ok: false,
      failure: { code: 'egress_name_unresolved', class: 'transient', details: { network: 'ESERVFAIL' } },
    });
  });

  it('lets a host that the operator vouches for be private, plain and on its own port, for whom it is meant', async () => {
    const egress = `http://erp.internal:9000;private;tenant=${tenant}`;
    const answers = ['10.1.2.3', 'fd12::1', '127.0.0.1', '100.64.1.1'];
    expect(await admit('http://erp.internal:9000/x', { egress, answers })).toEqual(answers);
    expect(await admit('http://erp.internal:9001/x', { egress, answers })).toBe('egress_origin_not_allowed');
    expect(await admit('http://erp.internal:9000/x', { egress, answers: ['169.254.169.254'] })).toBe(
      'egress_address_forbidden',
    );
    expect(await admit('http://erp.internal:9000/x', { egress: 'http://erp.internal:9000', answers })).toBe(
      'egress_address_forbidden',
    );
  });

  it('says what kind of address it was, never which', async () => {
    const url = new URL('https://api.example.com');
    const guard = new EgressGuard({
      rules: readEgressRules(undefined),
      lookup: () => Promise.resolve([{ address: '10.9.8.7' }]),
    });
    const admitted = await guard.admit({ url, tenant, origins: [url.origin] });
    expect(JSON.stringify(admitted)).toContain('private');
    expect(JSON.stringify(admitted)).not.toContain('10.9.8.7');
  });

  it('asks the resolver once, and admits nothing but what it answered and may be public', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 4 }), async (answers) => {
        let asked = 0;
        const lookup: Lookup = () => {
          asked += 1;
          return Promise.resolve(answers.map((address) => ({ address })));
        };
        const guard = new EgressGuard({ rules: readEgressRules(undefined), lookup });
        const url = new URL('https://api.example.com');
        const admitted = await guard.admit({ url, tenant, origins: [url.origin] });
        expect(asked).toBe(1);
        expect(admitted.ok).toBe(answers.every((address) => kindOfAddress(address) === 'public'));
        if (admitted.ok) expect(admitted.value.addresses).toEqual(answers);
      }),
    );
  });
});
