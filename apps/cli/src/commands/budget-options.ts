import type { Given } from '../command';
import { wholeNumber } from './read-value';

/** One thing that a command limits: an option, and a member of the budget that is sent. */
interface Limit<M extends string> {
  readonly flag: string;
  readonly member: M;
  /** Without whose it is. */
  readonly what: string;
}

const SHARED = [
  { flag: '--model-calls', member: 'model_calls', what: 'model calls' },
  { flag: '--tool-calls', member: 'tool_calls', what: 'tool calls' },
  { flag: '--tokens', member: 'tokens', what: 'tokens' },
  { flag: '--cost-micros', member: 'cost_micros', what: 'money, in millionths of the models’ currency' },
  { flag: '--handoffs', member: 'handoffs', what: 'handoffs' },
] as const;

/** What one run may be limited in. */
export const OF_A_RUN = [
  ...SHARED,
  { flag: '--depth', member: 'depth', what: 'levels of child runs below it' },
] as const;

/** What all runs of a batch may be limited in together: how deep each goes is its own affair. */
export const OF_A_BATCH = SHARED;

/** One option for each limit; `say` puts what it limits into its description. */
export const budgetOptions = (limits: readonly Limit<string>[], say: (what: string) => string) =>
  limits.map(({ flag, what }) => ({ flags: `${flag} <count>`, description: say(what) }));

/** The member `budget` of a request; none where nothing was limited. 0 is a limit: none of it at all. */
export function budgetOf<M extends string>(
  limits: readonly Limit<M>[],
  call: Given,
): { readonly budget?: { readonly [K in M]?: number } } {
  const budget: { [K in M]?: number } = {};
  for (const { flag, member } of limits) {
    const most = wholeNumber(flag, call.text(flag.slice(2)), 0);
    if (most !== undefined) budget[member] = most;
  }
  return Object.keys(budget).length > 0 ? { budget } : {};
}
