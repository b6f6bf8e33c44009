import type { Failure } from '@writ/kernel';
import { covers, type Stop, type TenantAuthority } from '@writ/policy';
import type { Proposal } from '../proposal';
import type { HeldRun } from '../held-run';

/** How a run ends that a stop ended. The stop is named, so that everything it ended is found by it. */
export const stoppedFailure = ({ id, scope, target, reason }: Stop): Failure => ({
  code: 'stopped',
  class: 'policy',
  message: `stop ${id} (${[scope, target].join(' ').trim()}) ended the run: ${reason}`,
  next: 'Start another run once the stop is released.',
  details: { stop: id },
});

/** A stop that ends the runs that want to do this. */
export function endsRun(held: HeldRun, authority: TenantAuthority, { request }: Proposal): Failure | null {
  const { chain: agents, object, run, workflow } = request;
  const reach = { tenant: held.tenant, agents, object, run, workflow };
  const stop = authority.stops.find((one) => one.mode === 'terminate' && covers(one, reach));
  return stop ? stoppedFailure(stop) : null;
}
