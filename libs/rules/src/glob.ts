/** Characters a pattern may have, and a text that is matched with one: what one test may cost is their product. */
const MAX_PATTERN = 200;
const MAX_TEXT = 2_000;

/** One step of a pattern: exactly this character, or one or more or any number of characters of a kind. */
type Step =
  | { readonly kind: 'is'; readonly character: string }
  | { readonly kind: 'one' }
  /** Any number of characters; `across` also slashes. */
  | { readonly kind: 'any'; readonly across: boolean };

/**
 * A test of a path-like text by a pattern: `*` is any run of characters within one part of the path, `**` any run at
 * all, `?` one character that is no slash, `{name}` one or more of them, and a backslash takes the sign after it as it
 * is. Null for what is no such pattern; the test answers null for a text
 * too long to be tested. Bounded: steps times characters, whatever the two are; no backtracking.
 */
export function globTest(pattern: string): ((text: string) => boolean | null) | null {
  const steps = stepsOf(pattern);
  return steps === null ? null : (text) => (text.length <= MAX_TEXT ? matches(steps, text) : null);
}

function stepsOf(pattern: string): readonly Step[] | null {
  if (pattern === '' || pattern.length > MAX_PATTERN) return null;
  const steps: Step[] = [];
  const token = /\*\*+|\{[^{}/]+\}|\\(.)|[^\\{}]/suy;
  for (let at = 0; at < pattern.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(pattern);
    if (!found) return null;
    const [sign, escaped] = found;
    if (escaped !== undefined) steps.push({ kind: 'is', character: escaped });
    else if (sign === '*') steps.push({ kind: 'any', across: false });
    else if (sign.startsWith('**')) steps.push({ kind: 'any', across: true });
    else if (sign === '?') steps.push({ kind: 'one' });
    else if (sign.startsWith('{') && sign.length > 1) steps.push({ kind: 'one' }, { kind: 'any', across: false });
    else steps.push({ kind: 'is', character: sign });
  }
  return steps;
}

/** All ways at once: which steps may be reached after each character. */
function matches(steps: readonly Step[], text: string): boolean {
  let reached = new Set<number>();
  reach(steps, 0, reached);
  for (const character of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const step = steps[at];
      if (step === undefined) continue;
      if (step.kind === 'any' ? step.across || character !== '/' : takes(step, character)) {
        reach(steps, step.kind === 'any' ? at : at + 1, next);
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(steps.length);
}

const takes = (step: Exclude<Step, { kind: 'any' }>, character: string): boolean =>
  step.kind === 'is' ? step.character === character : character !== '/';

/** A run may be empty: whoever reaches one has reached what comes after it. */
function reach(steps: readonly Step[], at: number, into: Set<number>): void {
  for (let here = at; !into.has(here); here += 1) {
    into.add(here);
    if (steps[here]?.kind !== 'any') return;
  }
}
