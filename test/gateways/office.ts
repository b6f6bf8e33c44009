import { Committed, type Unit } from '@writ/database';
import { type Clock, type JsonObject, newId, type TenantId } from '@writ/kernel';
import {
  type Action,
  buildSnapshot,
  decide,
  type Door,
  type OpenPermit,
  type Permit,
  PermitOffice,
  type Stop,
  type TenantAuthority,
  validateBundle,
} from '@writ/policy';

/** A clock that a test moves; it starts at zero and passes only when told to. */
export class TestClock implements Clock {
  private passed = 0;
  now(): number {
    return 1_700_000_000_000 + this.passed;
  }
  monotonic(): number {
    return this.passed;
  }
  advance(ms: number): void {
    this.passed += ms;
  }
}

/** Every test office is of one tenant: a call says whose it is before its permit can. */
export const TENANT: TenantId = newId('tenant');

export interface Wanted {
  readonly door: Exclude<Door, 'handoff' | 'delegate' | 'board' | 'message'>;
  readonly target: string;
  readonly args: JsonObject;
  readonly step?: number;
  readonly attempt?: number;
  readonly key?: string;
}

/**
 * The product's permit office under a policy that lets its caller do everything: each permit comes from a decision that
 * was made. The commit alone is the test's own, since no database takes part.
 */
export interface TestOffice {
  readonly open: OpenPermit;
  readonly clock: TestClock;
  permit(wanted: Wanted): Permit;
  /** From now on every permit meets a stop of the whole tenant. */
  stop(): void;
}

const ACTION: Record<Wanted['door'], Action> = {
  model: 'model.invoke',
  tool: 'tool.invoke',
  data: 'data.read',
  run: 'run.start',
  agent: 'agent.invoke',
};
const OBJECT = { model: 'model', tool: 'tool', data: 'data', run: 'workflow', agent: 'agent' } as const;
const RULES = ['model', 'tool', 'data', 'agent']
  .map((type) => `p, user:caller, {tenant}, ${type}:*, ${ACTION[type as Wanted['door']]}, , allow, , any-${type}`)
  .join('\n');

export async function openOffice(): Promise<TestOffice> {
  const bundle = validateBundle({ rules: RULES });
  const built = bundle.ok ? await buildSnapshot(bundle.value) : bundle;
  if (!built.ok) throw new Error(built.failure.message);
  const tenant = TENANT;
  const run = newId('run');
  const epochs = { tenant: 1, platform: 1 };
  let authority: TenantAuthority = { tenant, snapshot: built.value, stops: [], epochs };
  const clock = new TestClock();
  const office = new PermitOffice({ clock, authority: { current: () => authority } });
  return {
    open: office.open,
    clock,
    permit({ door, target, args, step = 0, attempt = 1, key = `${run}.${step}` }) {
      const decision = decide(authority, {
        tenant,
        initiator: { tenant, kind: 'user', id: 'user:caller', roles: [] },
        chain: [],
        action: ACTION[door],
        object: { type: OBJECT[door], id: target },
        args,
        now: clock.now(),
      });
      if (decision.verdict !== 'allow') throw new Error(`the test's own policy denies: ${decision.reason}`);
      const unit = { id: newId('unit'), tenant, run, decisions: [decision.id] } as unknown as Unit;
      const committed = Committed.afterCommit(unit, clock.monotonic());
      return office.mint({ decision, committed, door, target, args, step, attempt, key });
    },
    stop() {
      authority = { ...authority, stops: [stopOf(tenant)] };
    },
  };
}

const stopOf = (tenant: TenantId): Stop => ({
  id: newId('stop'),
  tenant,
  scope: 'tenant',
  target: '',
  reason: 'a test',
  setBy: 'user:operator',
  setAt: 0,
});
