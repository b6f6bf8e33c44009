import type { TenantId } from '@writ/kernel';
import type { AdvanceEnd } from './advance-end';
import type { HeldRun } from './held-run';
import type { StartEnd } from './start-in-line';

/** The part of a worker that a start in the same process may hand its run to. */
export interface LocalWorker {
  /** Whether a run of the tenant that starts here may be led at once. */
  mayBegin(tenant: TenantId): boolean;
  adopt(held: HeldRun): Promise<AdvanceEnd>;
}

/**
 * The run is led by this process from its first unit on, which creates it and already carries its first intent. Resolves
 * once that is in, or was refused; rejects when nobody knows.
 */
export function startHere(local: LocalWorker, held: HeldRun): Promise<StartEnd> {
  return new Promise((resolve, reject) => {
    held.onCreated = () => resolve('started');
    local.adopt(held).then((end) => {
      if (end.kind === 'exists') resolve('exists');
      else if (end.kind === 'stale_start') resolve('stale');
      else if (end.kind === 'no_place') resolve(end);
      // Its creation is in; the answer was lost for so long that another worker leads the run by now.
      else if (end.kind === 'lost') resolve('started');
      else if (held.create) reject(new Error(`the run could not be created: ${end.kind}`));
      else resolve('started');
    }, reject);
  });
}
