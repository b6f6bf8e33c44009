import type { Json } from '@writ/kernel';
import type { FlowSource } from './facts';
import { allWords, vouchedIn, wordsOf } from './values';

/** Where a value came from, and what it therefore carries. */
export interface Origin {
  /** `model`: it stands in nothing that entered the run, so a model made it from all that it had heard. */
  readonly from: FlowSource['from'] | 'model';
  readonly name: string;
  readonly step: number | null;
  readonly labels: readonly string[];
}

/** The label that says: whoever wrote this need not be anybody the run works for. */
export const UNTRUSTED = 'untrusted';

const isUntrusted = (labels: readonly string[]): boolean => labels.includes(UNTRUSTED);

/** A source as it is searched: read once, however many values are looked for. */
class Searched {
  readonly #words: string;
  readonly #vouched: ReadonlySet<string>;

  constructor(value: Json, vouches: readonly string[]) {
    this.#words = allWords(value);
    this.#vouched = vouchedIn(value, vouches);
  }

  holds(words: string): boolean {
    return words !== '' && this.#words.includes(words);
  }

  vouchesFor(value: string): boolean {
    return this.#vouched.has(value);
  }
}

// Sources live as long as the run that holds them; what they vouch for follows from the policy, which may change.
const searched = new WeakMap<FlowSource, { readonly vouches: readonly string[]; readonly as: Searched }>();

function search(source: FlowSource, vouches: readonly string[]): Searched {
  const held = searched.get(source);
  if (held?.vouches === vouches) return held.as;
  const as = new Searched(source.value, vouches);
  searched.set(source, { vouches, as });
  return as;
}

/** What has entered a run, as a decision sees it. */
export class Entered {
  /** Every label that has entered. */
  readonly labels: ReadonlySet<string>;
  readonly #ordered: readonly Known[];
  /** What whoever makes something up may have heard. */
  readonly #made: readonly string[];

  /** `most`: the only labels that whoever acts can have heard of, since no others are handed to them; null for all. */
  constructor(sources: readonly Known[], most: ReadonlySet<string> | null = null) {
    this.labels = new Set(sources.flatMap(({ labels }) => labels));
    const all = [...this.labels].sort();
    this.#made = most === null ? all : all.filter((label) => most.has(label));
    // Who was trusted and said it has said it: that somebody else repeats it takes nothing away.
    this.#ordered = sources.toSorted(
      (a, b) => Number(isUntrusted(a.labels)) - Number(isUntrusted(b.labels)) || a.labels.length - b.labels.length,
    );
  }

  originOf(value: string | number): Origin {
    const text = String(value);
    const words = wordsOf(text);
    let first: Known | null = null;
    for (const known of this.#ordered) {
      const { source, vouches } = known;
      const { from, name, step } = source;
      const as = search(source, vouches);
      if (as.vouchesFor(text)) return { from, name, step, labels: known.labels.filter((one) => one !== UNTRUSTED) };
      if (first === null && as.holds(words)) first = known;
      if (first?.labels.length === 0) break;
    }
    if (first === null) return { from: 'model', name: '', step: null, labels: this.#made };
    const { from, name, step } = first.source;
    // Who writes the page may write a code book into it: which of its words were picked can say what else was heard.
    const labels = isUntrusted(first.labels) ? [...new Set([...first.labels, ...this.#made])].sort() : first.labels;
    return { from, name, step, labels };
  }
}

/** A source with its labels as they count now. */
export interface Known {
  readonly source: FlowSource;
  readonly labels: readonly string[];
  readonly vouches: readonly string[];
}

/** `read_file of step 3 (untrusted)`: an origin in words; never the value. */
export function originText({ from, name, step, labels }: Origin): string {
  const carried = labels.length === 0 ? '' : ` (${labels.join(', ')})`;
  switch (from) {
    case 'input':
      return `the input of the run${carried}`;
    case 'model':
      return `a model, which made it up${carried}`;
    case 'person':
      return `a person${carried}`;
    case 'workflow':
      return `the workflow itself${carried}`;
    case 'signal':
      return `signal ${name}${carried}`;
    case 'outside':
      return `${name}${carried}`;
    case 'tool':
      return `${name} of step ${step ?? 0}${carried}`;
  }
}
