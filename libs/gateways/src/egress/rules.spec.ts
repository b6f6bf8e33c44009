import { newId } from '@writ/kernel';
import { readEgressRules } from './rules';

describe('WRIT_EGRESS', () => {
  const tenant = newId('tenant');

  it('unset lets documents name public services, and nothing else', () => {
    expect(readEgressRules(undefined)).toEqual({ public: true, entries: [] });
  });

  it('set is the whole list: empty closes everything', () => {
    expect(readEgressRules('')).toEqual({ public: false, entries: [] });
  });

  it('names origins, what they may lead to, what may be sent there, and for whom', () => {
    const text = `public\n http://127.0.0.1:9000;private https://api.example.com;secret=API_KEY;secret=OTHER;tenant=${tenant}`;
    expect(readEgressRules(text)).toEqual({
      public: true,
      entries: [
        { origin: 'http://127.0.0.1:9000', privately: true, secrets: [], tenants: [] },
        { origin: 'https://api.example.com', privately: false, secrets: ['API_KEY', 'OTHER'], tenants: [tenant] },
      ],
    });
  });

  it.each([
    'https://api.example.com/',
    'https://API.example.com',
    'https://user@api.example.com',
    'https://api.example.com:443',
    'https://api.example.com.',
    'https://*.example.com',
    'https://bücher.example',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'ftp://api.example.com',
    'api.example.com',
    'https://',
    'Public',
    'https://api.example.com;privat',
    'https://api.example.com;secret=',
    'https://api.example.com;secret=A B',
    'https://api.example.com;secret=A-B',
    'https://api.example.com;tenant=ten_x',
    'https://api.example.com;',
  ])('is refused whole where an entry cannot be read: %j', (entry) => {
    expect(() => readEgressRules(`public ${entry}`)).toThrow(/WRIT_EGRESS/);
  });
});
