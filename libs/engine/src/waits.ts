import { assertNever } from '@writ/kernel';
import { isFinal, type RunStatus } from '@writ/words';
import type { WaitFor } from './events';
import { within } from './path';
import type { BranchState, RunState } from './state';

/** What a run's row says of its waits: the most urgent one, and the others. */
export type RowWait = WaitFor & { readonly also?: readonly WaitFor[] };

/** A person first, then what a person could release, then what comes by itself. */
const URGENCY: readonly WaitFor['for'][] = [
  'pause',
  'reconciliation',
  'approval',
  'input',
  'stop',
  'budget',
  'signal',
  'child',
  'message',
  'rate',
  'retry',
];

/** The waits of live branches, most urgent first, apart from those of branches that are just going on. */
export function waitsOf(state: RunState, going: ReadonlySet<string> = NONE): readonly WaitFor[] {
  const waits: WaitFor[] = state.paused ? [{ for: 'pause', ...state.paused }] : [];
  if (isFinal(state.status)) return [];
  for (const branch of state.branches.values()) {
    if (branch.wait && !going.has(branch.path)) waits.push(branch.wait);
  }
  return waits.length < 2 ? waits : waits.sort((a, b) => URGENCY.indexOf(a.for) - URGENCY.indexOf(b.for));
}

/** Whether it waits for anything: hardly a unit of a run is written while it does. */
export function hasWait({ paused, branches }: RunState): boolean {
  if (paused) return true;
  for (const branch of branches.values()) if (branch.wait) return true;
  return false;
}

const NONE: ReadonlySet<string> = new Set();

export function rowWait(waits: readonly WaitFor[]): RowWait | null {
  const [first, ...also] = waits;
  if (!first) return null;
  return also.length === 0 ? first : { ...first, also };
}

export const waitsIn = (wait: RowWait | null): readonly WaitFor[] => (wait ? [wait, ...(wait.also ?? [])] : []);

/** How a run that is not over stands: it waits when each branch that could move does. */
export function standingStatus(state: RunState): RunStatus {
  const wait = hasWait(state) ? waitsOf(state)[0] : undefined;
  if (!wait) return 'running';
  const held = wait.for === 'pause';
  for (const branch of state.branches.values()) {
    if (held ? underWay(branch) : moves(state, branch)) return 'running';
  }
  return waitingStatus(wait);
}

/** A branch moves when it waits for nothing: not for people or time, and not for the branches below it. */
function moves(state: RunState, branch: BranchState): boolean {
  if (!branch.live || branch.wait) return false;
  return branch.open?.phase === 'in_flight' || branch.reading !== null || !hasLiveBranch(state, branch);
}

/** A run that is held goes on until the steps under way are over. */
const underWay = ({ open, reading }: BranchState): boolean => open?.phase === 'in_flight' || reading !== null;

function hasLiveBranch(state: RunState, outer: BranchState): boolean {
  for (const branch of state.branches.values()) {
    if (branch.live && branch !== outer && within(branch.path, outer.path)) return true;
  }
  return false;
}

function waitingStatus(wait: WaitFor): RunStatus {
  switch (wait.for) {
    case 'signal':
    case 'child':
    case 'message':
      return 'waiting_external';
    case 'input':
      return 'waiting_input';
    case 'stop':
    case 'pause':
    case 'rate':
      return 'paused';
    case 'approval':
      return 'waiting_approval';
    case 'reconciliation':
      return 'waiting_reconciliation';
    case 'retry':
      return 'running';
    case 'budget':
      return wait.asks ? 'waiting_approval' : 'paused';
    default:
      return assertNever(wait, 'wait');
  }
}
