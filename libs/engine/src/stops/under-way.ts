import type { Tx } from '@writ/database';
import type { RunId, TenantId } from '@writ/kernel';
import { covers, type Stop } from '@writ/policy';
import type { EffectClass } from '@writ/words';
import type { RunEvent, StepIntended, StepKind } from '../events';

/** A step that was intended and not settled at some moment: it may be on its way to the outside. */
export interface StepUnderWay {
  readonly run: RunId;
  readonly workflow: string;
  readonly step: number;
  readonly attempt: number;
  readonly path: string;
  readonly kind: StepKind;
  readonly agent: string | null;
  readonly target: string;
  readonly effect: EffectClass;
  /** Epoch milliseconds of its decision. */
  readonly intendedAt: number;
  /** What became of it since: nothing yet, an outcome, or a lost one that a person has to tell. */
  readonly fate: 'open' | 'settled' | 'unknown';
  /** Epoch milliseconds at which that was recorded; null while it is open. */
  readonly fateAt: number | null;
}

/** A unit of a journal, and whether it was there at the moment that is asked about. */
export interface UnitThen {
  readonly run: RunId;
  readonly workflow: string;
  readonly events: string;
  readonly then: boolean;
}

/** What a stop is about. */
export type Scope = Pick<Stop, 'tenant' | 'scope' | 'target'>;

interface Open {
  readonly intent: StepIntended;
  fate: StepUnderWay['fate'];
  fateAt: number | null;
}

/** Steps of one run that a stop's scope covers and that were open then; `units` are the run's, in order. */
export function openThen(tenant: TenantId, units: readonly UnitThen[], scope: Scope): StepUnderWay[] {
  const [first] = units;
  if (!first) return [];
  const open = new Map<string, Open>();
  const acted = new Set<string>();
  let bill: readonly (readonly [kind: string, name: string, digest: string])[] = [];
  for (const { events, then } of units) {
    for (const line of events.split('\n')) {
      const event = JSON.parse(line) as RunEvent;
      if (event.type === 'run_started') bill = event.bill;
      if (event.type === 'step_intended' && then) {
        open.set(`${event.step}.${event.attempt}`, { intent: event, fate: 'open', fateAt: null });
        if (event.agent !== null) acted.add(event.agent);
      }
      if (event.type === 'step_settled' || event.type === 'step_unknown') {
        end(open, { key: `${event.step}.${event.attempt}`, then, event });
      }
    }
  }
  const digestOf = (kind: string, name: string): string => bill.find(([k, n]) => k === kind && n === name)?.[2] ?? '';
  // Whoever acted in the run before may have handed over to whoever acts now: its stop covers both.
  const agents = [...acted].map((agent) => ({ agent, digest: digestOf('agent', agent) }));
  const { run, workflow } = first;
  return [...open.values()].flatMap(({ intent, fate, fateAt }) => {
    // What a guardrail asks is a tool, or a model, of which tokens are set aside.
    const type = intent.kind === 'check' && intent.reserve !== undefined ? 'model' : OBJECT_OF[intent.kind];
    const object = { type, id: intent.target, digest: digestOf(type, intent.target) };
    if (!covers(scope as Stop, { tenant, agents, object, run, workflow })) return [];
    const { step, attempt, path, kind, agent, target, effect, at } = intent;
    return [{ run, workflow, step, attempt, path, kind, agent, target, effect, intendedAt: at, fate, fateAt }];
  });
}

const OBJECT_OF = {
  model: 'model',
  tool: 'tool',
  data: 'tool',
  handoff: 'agent',
  delegate: 'agent',
  run: 'workflow',
  agent: 'agent',
  board: 'board',
  message: 'mailbox',
  start: 'workflow',
  finish: 'workflow',
  check: 'tool',
} as const;

function end(
  open: Map<string, Open>,
  ended: {
    readonly key: string;
    readonly then: boolean;
    readonly event: Extract<RunEvent, { type: 'step_settled' | 'step_unknown' }>;
  },
): void {
  const { key, then, event } = ended;
  if (then) open.delete(key);
  const late = open.get(key);
  if (!late) return;
  late.fate = event.type === 'step_settled' ? 'settled' : 'unknown';
  late.fateAt = event.at;
}

/** How far back an intent may lie and its call still be under way: a permit's two seconds and the longest time limit. */
const LONGEST_CALL = '10 minutes 5 seconds';

/**
 * Units of the runs that may have had a call under way at a moment: at `horizon`, a transaction snapshot taken then, or
 * now. Runs that nobody has touched for longer than any call takes are left out.
 */
export async function unitsThen(
  tx: Tx,
  at: { readonly tenant: TenantId; readonly horizon: string | null; readonly since: Date },
): Promise<readonly UnitThen[]> {
  return tx.query<UnitThen>(
    `WITH touched AS (
       SELECT id FROM writ.run
        WHERE tenant = $1 AND finished_at IS NULL AND updated_at >= $3::timestamptz - $4::interval
       UNION
       SELECT run FROM writ.audit_unit
        WHERE tenant = $1 AND run <> 'tenant' AND $2::text IS NOT NULL
          AND at >= $3::timestamptz - interval '5 seconds' AND at < $3::timestamptz + $4::interval)
     SELECT j.run, r.workflow, j.events,
            CASE WHEN $2::text IS NULL THEN true
                 ELSE pg_visible_in_snapshot(a.xid::text::xid8, $2::pg_snapshot) END AS "then"
       FROM touched t
       JOIN writ.run r ON r.tenant = $1 AND r.id = t.id
       JOIN writ.journal j ON j.tenant = $1 AND j.run = t.id
       JOIN writ.audit_unit a ON a.tenant = $1 AND a.run = t.id AND a.seq = j.audit_seq
      ORDER BY j.run, j.seq`,
    [at.tenant, at.horizon, at.since, LONGEST_CALL],
  );
}

/** Units by run, in their order. */
export function byRun(units: readonly UnitThen[]): readonly (readonly UnitThen[])[] {
  const runs = new Map<string, UnitThen[]>();
  for (const unit of units) {
    const known = runs.get(unit.run);
    if (known) known.push(unit);
    else runs.set(unit.run, [unit]);
  }
  return [...runs.values()];
}
