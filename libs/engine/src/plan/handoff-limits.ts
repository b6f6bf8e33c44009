/** Words an agent was handed in this conversation, first to last; the first agent's are the opening. */
export interface Receipt {
  readonly agent: string;
  readonly message: string;
}

export interface WantedHandoff {
  /** Agents that have been in control, first to current. */
  readonly chain: readonly string[];
  readonly received: readonly Receipt[];
  readonly to: string;
  readonly message: string;
}

export interface HandoffLimits {
  readonly maxHandoffs: number;
  /** How often one agent may be handed nearly the same words again. */
  readonly maxRepeats: number;
}

export interface LimitFault {
  readonly code: 'handoff_limit' | 'handoff_ping_pong' | 'handoff_cycle';
  readonly message: string;
}

/** Once more is a second try; after that it is going round. */
export const DEFAULT_REPEATS = 1;

/**
 * Why a handoff would not lead anywhere, or null. Handing back is fine as long as something new is said: what counts as
 * going round is that the receiver has been handed nearly the same words before. Between two agents that is a ping-pong,
 * over others a cycle. The number of handoffs is bounded whatever is said.
 */
export function handoffFault(wanted: WantedHandoff, limits: HandoffLimits): LimitFault | null {
  const { chain, received, to, message } = wanted;
  const made = chain.length - 1;
  if (made >= limits.maxHandoffs) {
    return { code: 'handoff_limit', message: `this conversation has been handed over ${made} times, its limit` };
  }
  const again = received.filter((one) => one.agent === to && nearlySame(one.message, message)).length;
  if (again <= limits.maxRepeats) return null;
  const between = new Set(chain.slice(chain.indexOf(to)));
  const who = between.size <= 2 ? `${chain.at(-1) ?? ''} and ${to}` : [...between].join(', ');
  return between.size <= 2
    ? { code: 'handoff_ping_pong', message: `${who} hand the same words back and forth` }
    : { code: 'handoff_cycle', message: `${to} has heard the same ${again} times: ${who} go round in a circle` };
}

const NEARLY = 0.9;

/** Whether two messages say nearly the same: nine of ten words in common, whatever their order and case. */
export function nearlySame(a: string, b: string): boolean {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  if (left.size === 0 || right.size === 0) return left.size === right.size;
  const common = [...left].filter((word) => right.has(word)).length;
  return common / (left.size + right.size - common) >= NEARLY;
}

const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [],
  );
