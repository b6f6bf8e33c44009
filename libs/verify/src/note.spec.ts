import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { fromBase64, toBase64 } from './base64';
import { formatCheckpoint, isOriginOf, openCheckpoint } from './checkpoint';
import {
  formatNote,
  formatVkey,
  type NoteSignature,
  parseNote,
  parseVkey,
  signedBytes,
  verifierKey,
  verifyNote,
} from './note';
import { formatTlogProof, parseTlogProof } from './tlog-proof';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
const key = verifierKey('writ/ten_a', raw);

const signatureOf = (text: string): NoteSignature => ({
  name: key.name,
  keyId: key.keyId,
  signature: sign(null, signedBytes(text), privateKey),
});
const signed = (text: string, others: readonly NoteSignature[] = []): string =>
  formatNote({ text, signatures: [...others, signatureOf(text)] });

const hash = Buffer.alloc(32, 7);
const text = formatCheckpoint({ origin: 'writ/ten_a', size: 12, root: hash });

const failure = (result: { readonly ok: boolean; readonly failure?: { readonly code: string } }): string | undefined =>
  result.ok ? undefined : result.failure?.code;

describe('base64', () => {
  it('is the platform’s, and no other spelling is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9_000 }), (bytes) => {
        const encoded = Buffer.from(bytes).toString('base64');
        expect(toBase64(bytes)).toBe(encoded);
        expect(Buffer.from(fromBase64(encoded)!).equals(bytes)).toBe(true);
      }),
    );
    for (const wrong of ['A', 'AA', 'AA=', 'AB==', 'AAB=', 'A A=', 'AA==\n', 'AA-_', '=AAA']) {
      expect(fromBase64(wrong)).toBeNull();
    }
  });
});

describe('a signed note (C2SP signed-note)', () => {
  it('is verified by the key that signed it, beside signatures of keys nobody here knows', async () => {
    // The slot for a post-quantum cosignature: 8 bytes of time and 2,420 of ML-DSA-44.
    const mlDsa = { name: 'witness.example/w1', keyId: '0badcafe', signature: new Uint8Array(2_428) };
    const sameName = { name: key.name, keyId: '00000000', signature: new Uint8Array(64) };
    const note = parseNote(signed(text, [mlDsa, sameName]));
    if (!note.ok) throw new Error(note.failure.message);
    const verified = await verifyNote(note.value, [key]);
    expect(verified).toEqual({ ok: true, value: { by: [key], others: [mlDsa, sameName] } });
  });

  it('a signature of a known key that does not hold refuses it, whoever else signed', async () => {
    const forged = { ...signatureOf(text), signature: sign(null, Buffer.from('another text'), privateKey) };
    const other = generateKeyPairSync('ed25519');
    const otherKey = verifierKey('b', Buffer.from(other.publicKey.export({ format: 'jwk' }).x!, 'base64url'));
    const good = { ...otherKey, signature: sign(null, signedBytes(text), other.privateKey) };
    const note = parseNote(formatNote({ text, signatures: [good, forged] }));
    if (!note.ok) throw new Error(note.failure.message);
    expect(failure(await verifyNote(note.value, [key, otherKey]))).toBe('signature_wrong');
    expect((await verifyNote(note.value, [otherKey])).ok).toBe(true);
  });

  it('without a known key it is refused, and the keys found are named', async () => {
    const opened = await openCheckpoint(signed(text), []);
    expect(opened).toMatchObject({ ok: false, failure: { code: 'key_unknown' } });
    expect(!opened.ok && opened.failure.message).toContain(`writ/ten_a (key ${key.keyId})`);
  });

  it.each([
    ['no signatures', `${text}\n`],
    ['no empty line', text],
    ['no last newline', signed(text).slice(0, -1)],
    ['a control character', signed(`a\u0007b\n`)],
    ['a lone surrogate', `\ud800\n\n— a AAAAAAA=\n`],
    ['a hyphen for the dash', signed(text).replace('—', '-')],
    ['a plus sign in a name', signed(text).replace('— writ', '— wr+it')],
    ['a signature without bytes', `${text}\n— a AAAAAA==\n`],
    ['a hundred signatures', `${text}\n${'— a AAAAAAA=\n'.repeat(100)}`],
    ['megabytes', `${'a'.repeat(1_000_000)}\n\n— a AAAAAAA=\n`],
  ])('with %s it is no note', (_what, note) => expect(failure(parseNote(note))).toBe('note_malformed'));

  it('[I9] with any character of its text changed it no longer holds', async () => {
    const whole = signed(text);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 0x20, max: 0x7e }), async (at, code) => {
        const changed = whole.slice(0, at) + String.fromCharCode(code) + whole.slice(at + 1);
        fc.pre(changed !== whole);
        expect((await openCheckpoint(changed, [key])).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

const EXAMPLE = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';

describe('verifier keys', () => {
  it('the example of the C2SP text is read, written again, and verifies its note', async () => {
    const note =
      'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
    const read = parseVkey(EXAMPLE);
    const parsed = parseNote(note);
    if (!read.ok || !parsed.ok) throw new Error('the example cannot be read');
    expect(formatVkey(read.value)).toBe(EXAMPLE);
    expect(verifierKey(read.value.name, read.value.publicKey)).toEqual(read.value);
    expect((await verifyNote(parsed.value, [read.value])).ok).toBe(true);
  });

  it('keys of types that are not checked here are read, and verify nothing', async () => {
    const bytes = Buffer.concat([Buffer.of(0x06), Buffer.alloc(1_312, 1)]);
    const read = parseVkey(`w+00000001+${bytes.toString('base64')}`);
    if (!read.ok) throw new Error(read.failure.message);
    expect(read.value.type).toBe(6);
    const note = parseNote(`a\n\n— w AAAAAQA=\n`);
    expect(note.ok && failure(await verifyNote(note.value, [read.value]))).toBe('key_unknown');
  });

  it.each([
    '',
    'a',
    'a+b',
    'a+00000000+',
    formatVkey(key).replace('+', '+0'),
    `${formatVkey(key)}=`,
    'a b+00000000+AQ==',
  ])('"%s" is none', (vkey) => expect(failure(parseVkey(vkey))).toBe('vkey_malformed'));

  it('one whose id is another key’s is none', () => {
    expect(failure(parseVkey(formatVkey({ ...key, keyId: '01020304' })))).toBe('vkey_malformed');
  });

  it('no key can be named with a space', () => expect(() => verifierKey('a b', raw)).toThrow('space'));
});

describe('a checkpoint (C2SP tlog-checkpoint)', () => {
  it('says origin, size and root, and passes extension lines over', async () => {
    const opened = await openCheckpoint(signed(`${text}an extension\n`), [key]);
    expect(opened).toMatchObject({ ok: true, value: { origin: 'writ/ten_a', size: 12 } });
    expect(opened.ok && Buffer.from(opened.value.root).equals(hash)).toBe(true);
  });

  it.each([
    ['two lines', 'writ/a\n12\n'],
    ['an empty origin', `\n12\n${hash.toString('base64')}\n`],
    ['a size with a zero before it', `a\n012\n${hash.toString('base64')}\n`],
    ['a negative size', `a\n-1\n${hash.toString('base64')}\n`],
    ['a size beyond what can be counted', `a\n9007199254740992\n${hash.toString('base64')}\n`],
    ['a short root', `a\n1\n${hash.subarray(1).toString('base64')}\n`],
    ['an empty extension', `a\n1\n${hash.toString('base64')}\n\n`],
  ])('with %s it is none', async (_what, body) => {
    expect(failure(await openCheckpoint(signed(body), [key]))).toBe('checkpoint_malformed');
  });

  it('belongs to a log by its origin or a later generation of it', () => {
    const origins = ['writ/a', 'writ/a/2', 'writ/a/17', 'writ/a/1', 'writ/a/02', 'writ/a/', 'writ/a/2/3', 'writ/ab'];
    expect(origins.filter((origin) => isOriginOf('writ/a', origin))).toEqual(['writ/a', 'writ/a/2', 'writ/a/17']);
  });
});

describe('a proof of a log (C2SP tlog-proof)', () => {
  it('is read back as it was written', () => {
    const proof = { index: 7, proof: [new Uint8Array(32), new Uint8Array(hash)], checkpoint: signed(text) };
    expect(parseTlogProof(formatTlogProof(proof))).toEqual({ ok: true, value: proof });
    const withExtra = { ...proof, extra: new TextEncoder().encode('{"id":"evt"}') };
    expect(parseTlogProof(formatTlogProof(withExtra))).toEqual({ ok: true, value: withExtra });
    const single = { index: 0, proof: [], checkpoint: signed(text) };
    expect(parseTlogProof(formatTlogProof(single))).toEqual({ ok: true, value: single });
  });

  it.each([
    ['nothing', ''],
    ['another header', 'c2sp.org/tlog-proof@v2\nindex 0\n\na\n'],
    ['no index', 'c2sp.org/tlog-proof@v1\n\na\n'],
    ['an index with a zero before it', 'c2sp.org/tlog-proof@v1\nindex 01\n\na\n'],
    ['extra data that is no base64', 'c2sp.org/tlog-proof@v1\nextra ?\nindex 1\n\na\n'],
    ['a line that is no hash', 'c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\na\n'],
    ['a path of a thousand', `c2sp.org/tlog-proof@v1\nindex 1\n${`${toBase64(hash)}\n`.repeat(1_000)}\na\n`],
  ])('with %s it is none', (_what, body) => expect(failure(parseTlogProof(body))).toBe('proof_malformed'));
});
