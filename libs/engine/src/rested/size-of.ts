/** Bytes that a value takes besides what is counted of it: its object, its place in another. */
const EACH = 32;

/**
 * What a value takes of memory, roughly: characters of texts, and a little for everything else. Stops counting above `most`,
 * so that it costs no more for a large one.
 */
export function sizeOf(value: unknown, most: number): number {
  let size = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && size <= most) {
    const next = open.pop();
    size += EACH;
    if (typeof next === 'string') size += next.length;
    else if (next instanceof Map) for (const [key, of] of next) open.push(key, of);
    else if (Array.isArray(next) || next instanceof Set) for (const of of next) open.push(of);
    else if (typeof next === 'object' && next !== null) for (const key in next) open.push(next[key as never]);
  }
  return size;
}
