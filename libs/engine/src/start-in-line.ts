import { setTimeout as sleep } from 'node:timers/promises';
import type { Admission } from './admission/admission';
import type { EngineContext } from './context';
import type { HeldRun } from './held-run';
import type { AdvanceEnd } from './advance-end';
import { settleDown } from './standing';
import type { WakeUp } from './wake-up';

export type StartEnd = 'started' | 'exists' | 'stale' | Extract<AdvanceEnd, { kind: 'no_place' }>;

/** Makes a run durable and leaves it to whoever leads it, now or when its turn comes. */
export async function startInLine(
  ctx: EngineContext,
  ways: { readonly wakeUp: WakeUp; readonly admission: Admission },
  { held, entry, priority }: { readonly held: HeldRun; readonly entry: 'now' | 'in_line'; readonly priority: number },
): Promise<StartEnd> {
  const { wakeUp, admission } = ways;
  const from = ctx.clock.monotonic();
  const wakeAt = entry === 'now' ? null : Infinity;
  const moved = await settleDown(ctx, held, {
    tail: { events: [], audits: [], decisions: [] },
    standing: { status: 'queued', wait: null, wakeAt, release: true },
  });
  if (moved?.kind === 'exists') return 'exists';
  if (moved?.kind === 'stale_start') return 'stale';
  if (moved?.kind === 'no_place') return moved;
  if (moved?.kind !== 'resting') throw new Error(`a run could not be created: ${moved?.kind ?? 'unknown'}`);
  if (entry === 'now') {
    await wakeUp.ring(held.tenant, held.run);
    return 'started';
  }
  await admission.lineUp(held, priority);
  const paceMs = admission.paceMs(held.tenant, ctx.clock.monotonic() - from);
  if (paceMs > 0) await sleep(paceMs);
  return 'started';
}
