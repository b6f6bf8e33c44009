/** Set for a name with characters above U+00FF: two of them to a word then, four otherwise. */
export const WIDE = 1;

export const isWide = (name: string): boolean => {
  let all = 0;
  for (let i = 0; i < name.length; i++) all |= name.charCodeAt(i);
  return all > 0xff;
};

export const packedWords = (length: number, wide: boolean): number => (wide ? (length + 1) >> 1 : (length + 3) >> 2);

/** A name and how it is packed. */
export interface Packed {
  readonly name: string;
  readonly wide: boolean;
}

/** Puts a name down from `at`; where it ends. */
export function packInto(words: Int32Array, from: number, { name, wide }: Packed): number {
  const { length } = name;
  const [each, bits] = wide ? [2, 16] : [4, 8];
  let at = from;
  for (let i = 0; i < length; i += each) {
    let word = 0;
    for (let j = 0; j < each && i + j < length; j++) word |= name.charCodeAt(i + j) << (j * bits);
    words[at++] = word;
  }
  return at;
}

/** Whether the words from `at` are this name, which is as long as the one that was put down there. */
export function isNamed(words: Int32Array, at: number, { name, wide }: Packed): boolean {
  return wide ? isWideName(words, at, name) : isPlainName(words, at, name);
}

function isPlainName(words: Int32Array, from: number, name: string): boolean {
  const { length } = name;
  // A character above U+00FF would run into its neighbours' bits: such a name is none of these, whatever its words.
  let all = 0;
  let at = from;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    const [a, b, c, d] = [name.charCodeAt(i), name.charCodeAt(i + 1), name.charCodeAt(i + 2), name.charCodeAt(i + 3)];
    if (words[at++] !== (a | (b << 8) | (c << 16) | (d << 24))) return false;
    all |= a | b | c | d;
  }
  if (i === length) return all <= 0xff;
  let word = 0;
  for (let bits = 0; i < length; i++, bits += 8) {
    const code = name.charCodeAt(i);
    all |= code;
    word |= code << bits;
  }
  return words[at] === word && all <= 0xff;
}

function isWideName(words: Int32Array, from: number, name: string): boolean {
  const { length } = name;
  let at = from;
  let i = 0;
  for (; i + 1 < length; i += 2) {
    if (words[at++] !== (name.charCodeAt(i) | (name.charCodeAt(i + 1) << 16))) return false;
  }
  return i === length || words[at] === name.charCodeAt(i);
}
