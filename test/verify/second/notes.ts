import { createHash, createPublicKey, verify } from 'node:crypto';

// Signed notes and checkpoints a second time, from the C2SP texts and node:crypto, without a shared line with libs/verify.

export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** Key ids (eight hexadecimal digits) whose signature holds, of those that were asked about. */
  readonly signedBy: readonly string[];
}

export interface Key {
  readonly name: string;
  readonly id: string;
  readonly raw: Buffer;
}

export function keyOf(vkey: string): Key {
  const [name = '', id = '', body = ''] = vkey.split('+').length === 3 ? vkey.split('+') : splitVkey(vkey);
  const bytes = Buffer.from(body, 'base64');
  const expected = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8);
  if (bytes[0] !== 1 || bytes.length !== 33 || expected !== id) throw new Error(`no Ed25519 key: ${vkey}`);
  return { name, id, raw: bytes.subarray(1) };
}

/** Base64 may hold plus signs too: only the first two separate. */
function splitVkey(vkey: string): [string, string, string] {
  const first = vkey.indexOf('+');
  const second = vkey.indexOf('+', first + 1);
  return [vkey.slice(0, first), vkey.slice(first + 1, second), vkey.slice(second + 1)];
}

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const holds = (key: Key, text: string, signature: Buffer): boolean =>
  verify(
    null,
    Buffer.from(text),
    createPublicKey({ key: Buffer.concat([SPKI, key.raw]), format: 'der', type: 'spki' }),
    signature,
  );

/** Reads a checkpoint; throws for what is none, and for a signature of one of the keys that does not hold. */
export function headOf(signed: string, keys: readonly Key[]): Head {
  const end = signed.lastIndexOf('\n\n') + 1;
  if (end === 0) throw new Error('no signatures');
  const text = signed.slice(0, end);
  const [origin = '', size = '', root = ''] = text.split('\n');
  if (!/^(0|[1-9][0-9]*)$/.test(size) || Buffer.from(root, 'base64').length !== 32) throw new Error('no checkpoint');
  const signedBy: string[] = [];
  for (const line of signed
    .slice(end + 1)
    .split('\n')
    .slice(0, -1)) {
    const found = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
    if (!found) throw new Error('no signature line');
    const bytes = Buffer.from(found[2]!, 'base64');
    const id = bytes.subarray(0, 4).toString('hex');
    const key = keys.find((one) => one.name === found[1] && one.id === id);
    if (!key) continue;
    if (!holds(key, text, bytes.subarray(4))) throw new Error(`a signature of ${id} does not hold`);
    signedBy.push(id);
  }
  return { origin, size: Number(size), root: Buffer.from(root, 'base64'), signedBy };
}
