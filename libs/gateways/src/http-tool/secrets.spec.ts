import type { HttpService } from '../types';
import { readSecrets } from './secrets';

const service = (headersEnv: HttpService['headersEnv']): HttpService => ({
  name: 'payments',
  origin: 'https://api.example.com',
  headers: {},
  headersEnv,
  redirects: { max: 0, origins: [] },
});
const all = new Set(['TOKEN', 'BASIC']);

describe('secrets of a service', () => {
  it.each([
    ['one the operator lets go nowhere', 'DATABASE_URL', { DATABASE_URL: 'postgres://x' }, 'tool_secret_not_allowed'],
    ['one that is not set', 'TOKEN', {}, 'tool_secret_missing'],
    ['one that is empty', 'TOKEN', { TOKEN: '' }, 'tool_secret_missing'],
    ['one too short to be blanked out', 'TOKEN', { TOKEN: 'hunter2' }, 'tool_secret_unusable'],
    ['one that would end its header', 'TOKEN', { TOKEN: 'abcdefgh\r\nx: y' }, 'tool_secret_unusable'],
    ['one in other letters', 'TOKEN', { TOKEN: 'geheimnisüß' }, 'tool_secret_unusable'],
  ])('refuses %s, by its name', (_what, variable, env: Record<string, string>, code) => {
    const read = readSecrets(service({ authorization: variable }), env, all);
    expect(read).toMatchObject({ ok: false, failure: { code, details: { variable } } });
    expect(JSON.stringify(read)).not.toContain(env[variable] || 'no value');
  });

  it('are blanked in what comes back: whole, by their words, and what Basic hides', () => {
    const basic = `Basic ${Buffer.from('writ:correct horse').toString('base64')}`;
    const read = readSecrets(
      service({ authorization: 'TOKEN', 'x-other': 'BASIC' }),
      { TOKEN: 'Bearer abc.def-ghi', BASIC: basic },
      all,
    );
    if (!read.ok) throw new Error(read.failure.message);
    const { headers, scrub, scrubText } = read.value;
    expect(headers).toEqual({ authorization: 'Bearer abc.def-ghi', 'x-other': basic });
    expect(scrubText(`you sent Bearer abc.def-ghi, abc.def-ghi, ${basic}`)).toBe(
      'you sent [redacted], [redacted], [redacted]',
    );
    expect(scrub({ echo: ['abc.def-ghi', { 'abc.def-ghi': 1 }], password: 'correct horse', n: 3, none: null })).toEqual(
      {
        echo: ['[redacted]', { '[redacted]': 1 }],
        password: '[redacted]',
        n: 3,
        none: null,
      },
    );
  });
});
