import { roleUrl } from '../session/roles';
import { SecretBox, secretBoxOf } from './secret-box';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ABOUT = 'trigger/ten_1/trg_1';

describe('a stored secret', () => {
  it('is decrypted by who encrypted it, never looks the same twice, and says nothing of itself', () => {
    const secrets = new SecretBox('the writer’s password');
    const kept = [secrets.encrypt(SECRET, ABOUT), secrets.encrypt(SECRET, ABOUT)];
    expect(kept.map((one) => secrets.decrypt(one, ABOUT))).toEqual([SECRET, SECRET]);
    expect(kept[0]).not.toBe(kept[1]);
    for (const one of kept) {
      expect(one.startsWith(secrets.mark)).toBe(true);
      expect(one).not.toContain(SECRET.slice(6));
    }
  });

  it('is its own row’s: elsewhere, altered anywhere, or cut short it is not decrypted', () => {
    const secrets = new SecretBox('one');
    const kept = secrets.encrypt(SECRET, ABOUT);
    const unreadable = expect.objectContaining({ code: 'secret_unreadable' });
    expect(() => secrets.decrypt(kept, 'trigger/ten_2/trg_1')).toThrow(unreadable);
    const body = Buffer.from(kept.slice(secrets.mark.length), 'base64url');
    for (let i = 0; i < body.length; i++) {
      const other = Buffer.from(body);
      other[i] = other[i]! ^ 1;
      expect(() => secrets.decrypt(secrets.mark + other.toString('base64url'), ABOUT)).toThrow(unreadable);
    }
    for (const length of [0, 5, 12, 27]) {
      expect(() => secrets.decrypt(secrets.mark + body.subarray(0, length).toString('base64url'), ABOUT)).toThrow(
        unreadable,
      );
    }
  });

  it('is decrypted under a secret before the newest, which alone encrypts', () => {
    const old = new SecretBox('old').encrypt(SECRET, ABOUT);
    const both = new SecretBox('new', ['older', 'old']);
    expect(both.decrypt(old, ABOUT)).toBe(SECRET);
    expect(new SecretBox('new').decrypt(both.encrypt(SECRET, ABOUT), ABOUT)).toBe(SECRET);
    expect(() => new SecretBox('new').decrypt(old, ABOUT)).toThrow(
      expect.objectContaining({ code: 'secret_unreadable' }),
    );
  });

  it('that was kept before anything was encrypted is read as it stands', () => {
    expect(new SecretBox('one').decrypt(SECRET, ABOUT)).toBe(SECRET);
  });
});

describe('the keys of a deployment', () => {
  const OWNER = 'postgres://postgres:owner@127.0.0.1:5432/writ';
  const kept = { ...process.env };
  beforeEach(() => {
    for (const name of ['WRIT_SECRET', 'WRIT_SECRET_BEFORE', 'WRIT_WRITER_URL']) delete process.env[name];
  });
  afterEach(() => {
    process.env = { ...kept };
  });

  it('are the same for every process that knows the owner, the secret, or the writer’s own address', () => {
    const encrypted = secretBoxOf(OWNER).encrypt(SECRET, ABOUT);
    process.env['WRIT_WRITER_URL'] = roleUrl(OWNER, 'writer');
    expect(secretBoxOf('postgres://nobody@127.0.0.1:5432/writ').decrypt(encrypted, ABOUT)).toBe(SECRET);
  });

  it.each(['owner', 'a secret of before'])('decrypt what was encrypted when %j was what they follow from', (before) => {
    if (before !== 'owner') process.env['WRIT_SECRET'] = before;
    const encrypted = secretBoxOf(OWNER).encrypt(SECRET, ABOUT);
    process.env['WRIT_SECRET'] = 'the secret from now on';
    expect(() => secretBoxOf(OWNER).decrypt(encrypted, ABOUT)).toThrow();
    process.env['WRIT_SECRET_BEFORE'] = `another,${before}`;
    expect(secretBoxOf(OWNER).decrypt(encrypted, ABOUT)).toBe(SECRET);
  });

  it('follow from nothing anybody could guess', () => {
    process.env['WRIT_WRITER_URL'] = 'postgres://writ_writer@127.0.0.1:5432/writ';
    expect(() => secretBoxOf(OWNER)).toThrow(expect.objectContaining({ code: 'no_role_secret' }));
  });
});
