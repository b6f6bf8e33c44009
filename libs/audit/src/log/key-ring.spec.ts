import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNote, parseNote, verifyNote } from '@writ/verify';
import { KeyRing } from './key-ring';
import { LogKey } from './log-key';

describe('the keys of the logs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (): string => join(folder, 'sub', 'key');

  it('are made at first use, for their owner alone, and are the same ever after', () => {
    const made = new KeyRing({ file: file() }).newest();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(new KeyRing({ file: file() }).newest().verifier('x')).toEqual(made.verifier('x'));
  });

  it('are read again when the file changes, the last one newest, the others still found', () => {
    const ring = new KeyRing({ file: file() });
    const old = ring.newest().verifier('writ/ten_a');
    const fresh = new KeyRing({ file: file() }).add().verifier('writ/ten_a');
    expect(ring.newest().verifier('writ/ten_a')).toEqual(fresh);
    expect(ring.find('writ/ten_a', old.keyId)?.verifier('writ/ten_a')).toEqual(old);
    expect(ring.find('writ/ten_b', old.keyId)).toBeNull();
    expect(readFileSync(file(), 'utf8').match(/^ed25519 /gm)).toHaveLength(2);
  });

  it('may come as text, separated by commas, and are then extended by hand', () => {
    const keys = [LogKey.fresh(), LogKey.fresh()].map(({ seed }) => Buffer.from(seed).toString('base64'));
    const ring = new KeyRing({ text: keys.join(', ') });
    expect(ring.keys()).toHaveLength(2);
    expect(() => ring.add()).toThrow('WRIT_LOG_KEY');
    expect(() => new KeyRing({ text: 'AAAA' }).keys()).toThrow('WRIT_LOG_KEY: key 1 is none');
  });

  it('say where a folder cannot be made, and which variable names another', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => new KeyRing({ file: join(folder, 'file', 'key') }).keys()).toThrow('WRIT_LOG_KEY_FILE');
  });

  it('sign what verifiers of the log accept, under its name and no other', async () => {
    const key = LogKey.fresh();
    const mine = key.verifier('writ/ten_a');
    const text = 'writ/ten_a\n1\nAAAA\n';
    const signatures = [{ name: mine.name, keyId: mine.keyId, signature: key.sign(text) }];
    const note = parseNote(formatNote({ text, signatures }));
    if (!note.ok) throw new Error(note.failure.message);
    expect((await verifyNote(note.value, [mine])).ok).toBe(true);
    expect((await verifyNote(note.value, [key.verifier('writ/ten_b')])).ok).toBe(false);
    expect((await verifyNote(note.value, [LogKey.fresh().verifier('writ/ten_a')])).ok).toBe(false);
  });
});
