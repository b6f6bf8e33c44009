import { roleUrl } from './roles';

const OWNER = 'postgres://postgres:secret%2F1@127.0.0.1:5432/writ?sslmode=prefer';

describe('the address of a service', () => {
  const kept = { ...process.env };
  afterEach(() => {
    process.env = { ...kept };
  });

  it('is the owner’s with another name and a password that follows from the secret', () => {
    delete process.env['WRIT_SECRET'];
    const writer = new URL(roleUrl(OWNER, 'writer'));
    expect(writer.username).toBe('writ_writer');
    expect(writer.password).toMatch(/^[0-9a-f]{64}$/);
    expect([writer.host, writer.pathname, writer.search]).toEqual(['127.0.0.1:5432', '/writ', '?sslmode=prefer']);
    expect(roleUrl(OWNER, 'writer')).toBe(writer.href);
    expect(new URL(roleUrl(OWNER, 'reader')).password).not.toBe(writer.password);
  });

  it('does not change with the owner’s password when WRIT_SECRET is set', () => {
    process.env['WRIT_SECRET'] = 'one secret';
    const before = new URL(roleUrl(OWNER, 'writer')).password;
    expect(new URL(roleUrl(OWNER.replace('secret', 'another'), 'writer')).password).toBe(before);
    process.env['WRIT_SECRET'] = 'another secret';
    expect(new URL(roleUrl(OWNER, 'writer')).password).not.toBe(before);
  });

  it('is the one a deployment names, if it names one', () => {
    process.env['WRIT_READER_URL'] = 'postgres://r:p@replica/writ';
    expect(roleUrl(OWNER, 'reader')).toBe('postgres://r:p@replica/writ');
    expect(roleUrl(OWNER, 'owner')).toBe(OWNER);
  });
});
