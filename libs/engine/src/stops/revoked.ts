import { covers, isAtLeast, type Stop, type TenantAuthority, terminatingStop } from '@writ/policy';
import { isRevokedAt } from '../delegations';
import type { HeldRun } from '../held-run';
import { branchOf } from '../path';

/**
 * Aborts the calls under way that a stop from `revoke` on covers, or that are made by a delegation which was taken back,
 * where repeating them is harmless. A stop that ends the run gives up the others too, after a while.
 */
export function abortRevoked(held: HeldRun, authority: TenantAuthority | undefined, patienceMs: number): void {
  if (!authority) return;
  const { stops, revoked } = authority;
  if (revoked) {
    held.crew.abort(held.state, (path) => {
      const branch = held.state.branches.get(path);
      const intent = (branch?.reading ?? branch?.open)?.intent;
      return intent !== undefined && isRevokedAt(held.state, intent.path, revoked);
    });
  }
  abortStopped(held, stops, patienceMs);
}

function abortStopped(held: HeldRun, stops: readonly Stop[], patienceMs: number): void {
  const hard = stops.filter((stop) => isAtLeast(stop, 'revoke'));
  if (hard.length === 0) return;
  const { tenant, run, state } = held;
  const { workflow, bill } = state.started;
  if (terminatingStop(stops, { tenant, run, workflow })) held.crew.close(state, patienceMs);
  const digestOf = (kind: string, name: string): string => bill.find(([k, n]) => k === kind && n === name)?.[2] ?? '';
  const agents = [...state.branches.values()].flatMap(({ open }) =>
    open?.intent.agent ? [{ agent: open.intent.agent, digest: digestOf('agent', open.intent.agent) }] : [],
  );
  held.crew.abort(state, (path) => {
    const branch = state.branches.get(path);
    const intent = (branch?.reading ?? branch?.open)?.intent;
    if (!intent || branchOf(intent.path) !== path) return false;
    const type =
      intent.kind === 'model'
        ? 'model'
        : intent.kind === 'handoff' || intent.kind === 'delegate' || intent.kind === 'agent'
          ? 'agent'
          : 'tool';
    const object = { type, id: intent.target, digest: intent.target_digest } as const;
    return hard.some((stop) => covers(stop, { tenant, agents, object, run, workflow }));
  });
}
