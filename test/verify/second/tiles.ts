import { leaf, mth } from './merkle';
import { headOf, keyOf } from './notes';

// A log served as C2SP tlog-tiles, read and checked a second time, without a shared line with libs/verify.

const path = (level: string, index: number, width: number): string => {
  let text = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    text = `x${String(rest % 1000).padStart(3, '0')}/${text}`;
  }
  return `tile/${level}/${text}${width < 256 ? `.p/${width}` : ''}`;
};

/**
 * Reads the checkpoint, every tile of every level and every entry bundle below `get`'s prefix; throws for the first that
 * is not as the others say. Answers how many leaves there are.
 */
export async function checkTiles(get: (path: string) => Promise<Buffer>, vkey: string): Promise<number> {
  const key = keyOf(vkey);
  const head = headOf((await get('checkpoint')).toString('utf8'), [key]);
  if (!head.signedBy.includes(key.id)) throw new Error('not signed by the key');
  let row: Buffer[] = [];
  for (let n = 0; n * 256 < head.size; n++) {
    const width = Math.min(256, head.size - n * 256);
    const hashes = split(await get(path('0', n, width)), width);
    const entries = unbundle(await get(path('entries', n, width)));
    if (entries.length !== width) throw new Error(`bundle ${n} holds ${entries.length} entries`);
    entries.forEach((entry, i) => {
      if (!leaf(entry).equals(hashes[i]!)) throw new Error(`entry ${n * 256 + i} is not its leaf`);
    });
    row.push(...hashes);
  }
  if (!mth(row).equals(head.root)) throw new Error('the leaves do not make the root');
  for (let level = 1; row.length >= 256; level++) {
    const above: Buffer[] = [];
    for (let i = 0; i + 256 <= row.length; i += 256) above.push(mth(row.slice(i, i + 256)));
    for (let n = 0; n * 256 < above.length; n++) {
      const due = above.slice(n * 256, n * 256 + 256);
      const hashes = split(await get(path(String(level), n, due.length)), due.length);
      if (!Buffer.concat(hashes).equals(Buffer.concat(due))) throw new Error(`tile ${level}/${n} is not its children`);
    }
    row = above;
  }
  return head.size;
}

function split(bytes: Buffer, width: number): Buffer[] {
  if (bytes.length !== width * 32) throw new Error(`a tile of ${bytes.length} bytes`);
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * 32, i * 32 + 32));
}

function unbundle(bytes: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16BE(at);
    if (at + 2 + length > bytes.length) throw new Error('a bundle ends within an entry');
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}
