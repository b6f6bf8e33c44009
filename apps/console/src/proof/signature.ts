import { isOriginOf, type Note, parseNote, parseVkey, type VerifierKey, verifyNote } from '@writ/verify';
import type { Finding, Standing } from './findings';
import { pinnedKeys } from './trust';

export interface SignatureFinding {
  readonly finding: Finding;
  /** Pinned keys whose signature holds. Without one there is no tick. */
  readonly by: readonly VerifierKey[];
  /** A key that did sign it and that only the server vouches for: what a person may compare and pin. */
  readonly offered: string | null;
  /** Signatures of keys nobody here knows: witnesses, post-quantum cosignatures. */
  readonly others: number;
}

const of = (standing: Standing, said: string, more: Partial<SignatureFinding> = {}): SignatureFinding => ({
  by: [],
  offered: null,
  others: 0,
  ...more,
  finding: { of: 'signature', standing, said },
});

/** Who signed the checkpoint. `namedKeys` are the server's own claim, asked for only when no pinned key signed. */
export async function signatureFinding(
  checkpoint: string,
  base: string,
  namedKeys: () => Promise<readonly string[]>,
): Promise<SignatureFinding> {
  const note = parseNote(checkpoint);
  if (!note.ok) return of('broken', note.failure.message);
  try {
    const known = await verifyNote(note.value, pinnedKeys(base));
    if (known.ok) {
      const { by, others } = known.value;
      const said = `Signed by key ${by.map((key) => key.keyId).join(' and ')}, pinned in this browser.`;
      return of('holds', said, { by, others: others.length });
    }
    if (known.failure.code !== 'key_unknown') return of('broken', known.failure.message);
    return await claimed(note.value, base, await namedKeys());
  } catch (error) {
    return of('open', `The signature could not be checked: ${(error as Error).message}.`);
  }
}

/** No pinned key signed it. That a key the server names did is worth saying, and worth no tick. */
async function claimed(note: Note, base: string, named: readonly string[]): Promise<SignatureFinding> {
  const keys = named.flatMap((vkey) => {
    const key = parseVkey(vkey);
    return key.ok && isOriginOf(base, key.value.name) ? [{ vkey, key: key.value }] : [];
  });
  const checked = await verifyNote(
    note,
    keys.map(({ key }) => key),
  );
  if (!checked.ok) {
    const standing = checked.failure.code === 'key_unknown' ? 'open' : 'broken';
    return of(standing, checked.failure.message);
  }
  const keyId = checked.value.by[0]?.keyId;
  const offered = keys.find(({ key }) => key.keyId === keyId)?.vkey ?? null;
  const said =
    pinnedKeys(base).length > 0
      ? `Signed by key ${keyId}, which is not the one pinned in this browser.`
      : `Signed by key ${keyId}, which only the server itself vouches for: no key is pinned in this browser yet.`;
  return of('open', said, { offered, others: checked.value.others.length });
}
