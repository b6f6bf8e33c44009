import { type Clock, type JsonObject, newId, type RunId, type UnitId } from '@writ/kernel';
import { Committed, type Unit } from '@writ/database';
import { attributes, authorityOf, SHOP, stopOf, tenant, toolCall } from '../../../test/policy/parts';
import type { TenantAuthority } from './authority';
import { decide } from './decide';
import { type MintInput, PERMIT_LIFETIME_MS, PermitOffice } from './permit-office';
import type { Permit } from './permit-types';
import type { Decision, DecisionRequest } from './types';

const run: RunId = newId('run');
const unit = (decisions: readonly Decision[], part: Partial<Unit> = {}): Unit => ({
  id: newId('unit'),
  tenant,
  run,
  leaseEpoch: 1,
  authority: { tenant: 3, platform: 1 },
  seq: 1,
  nextSeq: 2,
  create: null,
  status: 'running',
  wait: null,
  wakeAt: null,
  release: false,
  journal: '',
  audit: '',
  auditHashes: new Uint8Array(),
  auditSeq: 0,
  mail: [],
  decisions: decisions.map(({ id }) => id),
  ...part,
});

class TestClock implements Clock {
  at = 1_000;
  now = (): number => this.at;
  monotonic = (): number => this.at;
}

interface Desk {
  readonly clock: TestClock;
  readonly office: PermitOffice;
  held: TenantAuthority | undefined;
}

async function desk(): Promise<Desk> {
  const clock = new TestClock();
  const state: { held: TenantAuthority | undefined } = { held: await authorityOf(SHOP) };
  const office = new PermitOffice({ clock, authority: { current: () => state.held } });
  return Object.assign(state, { clock, office });
}

const request = (part: Partial<DecisionRequest> = {}): DecisionRequest =>
  toolCall({ attributes: attributes({ 'order.owner': 'user:ann' }), run, workflow: 'support', ...part });

function minting(at: Desk, part: Partial<DecisionRequest> = {}): MintInput {
  const asked = request(part);
  const decision = decide(at.held!, asked);
  if (decision.verdict !== 'allow') throw new Error(decision.reason);
  return {
    decision,
    committed: Committed.afterCommit(unit([decision]), at.clock.monotonic()),
    door: 'tool',
    target: 'get_order',
    args: asked.args ?? {},
    step: 4,
    attempt: 2,
    key: `${run}.4`,
  };
}

const use = (presented: JsonObject = { order_id: '#W1' }) =>
  ({ door: 'tool', target: 'get_order', presented }) as const;

describe('a permit', () => {
  it('[I1] opens once, and hands over what was decided, byte for byte', async () => {
    const at = await desk();
    const input = minting(at);
    const permit = at.office.mint(input);
    expect(at.office.open(permit, use())).toEqual({
      ok: true,
      value: {
        tenant,
        run,
        decision: input.decision.id,
        step: 4,
        attempt: 2,
        key: `${run}.4`,
        args: { order_id: '#W1' },
        argsText: '{"order_id":"#W1"}',
      },
    });
    expect(at.office.open(permit, use())).toMatchObject({
      ok: false,
      failure: { code: 'permit_consumed', class: 'policy' },
    });
  });

  it('[I1] is an empty handle: a copy, a look-alike or another office’s permit opens nothing', async () => {
    const at = await desk();
    const other = await desk();
    const permit = at.office.mint(minting(at));
    expect(Reflect.ownKeys(permit)).toEqual([]);
    expect(Object.isFrozen(permit)).toBe(true);
    const like: unknown = Object.create(Object.getPrototypeOf(permit) as object);
    expect(permit.constructor).toBe(Object);
    for (const forged of [
      { ...permit },
      Object.freeze(Object.create(null)),
      {},
      like,
      other.office.mint(minting(other)),
    ]) {
      expect(at.office.open(forged as Permit, use())).toMatchObject({ failure: { code: 'permit_forged' } });
    }
    expect(at.office.open(null as unknown as Permit, use())).toMatchObject({ failure: { code: 'permit_forged' } });
    expect(at.office.open(permit, use()).ok).toBe(true);
  });

  it('[I1] opens its own door for its own target only, and is spent at any other', async () => {
    for (const wrong of [
      { ...use(), door: 'data' as const },
      { ...use(), target: 'refund' },
    ]) {
      const at = await desk();
      const permit = at.office.mint(minting(at));
      expect(at.office.open(permit, wrong)).toMatchObject({ failure: { code: 'permit_wrong_door' } });
      expect(at.office.open(permit, use())).toMatchObject({ failure: { code: 'permit_consumed' } });
    }
  });

  it('[I1] is spent by arguments that are not the decided ones, whatever the difference', async () => {
    const changed: JsonObject[] = [{ order_id: '#W2' }, {}, { order_id: '#W1', extra: null }, { order_id: ['#W1'] }];
    for (const presented of [...changed, { order_id: '\u0000' }, { order_id: undefined } as unknown as JsonObject]) {
      const at = await desk();
      const permit = at.office.mint(minting(at));
      expect(at.office.open(permit, use(presented))).toMatchObject({ failure: { code: 'permit_argument_mismatch' } });
      expect(at.office.open(permit, use())).toMatchObject({ failure: { code: 'permit_consumed' } });
    }
  });

  it('fits arguments by value: the order of their members is nobody’s decision', async () => {
    const at = await desk();
    const permit = at.office.mint(minting(at, { args: { a: 1, b: { c: 2, d: [3] } } }));
    expect(at.office.open(permit, use({ b: { d: [3], c: 2 }, a: 1 })).ok).toBe(true);
  });

  it('expires two seconds after its commit, on the monotonic clock', async () => {
    const at = await desk();
    const [early, late] = [at.office.mint(minting(at)), at.office.mint(minting(at))];
    at.clock.at += PERMIT_LIFETIME_MS;
    expect(at.office.open(early, use()).ok).toBe(true);
    at.clock.at += 1;
    expect(at.office.open(late, use())).toMatchObject({ failure: { code: 'permit_expired' } });
    expect(PERMIT_LIFETIME_MS).toBeLessThanOrEqual(2_000);
  });

  it('is held back by a stop that came after the commit, and by not knowing', async () => {
    const stops = [
      stopOf({ scope: 'tenant' }),
      stopOf({ scope: 'tool', target: 'get_order' }),
      stopOf({ scope: 'agent', target: 'orders' }),
      stopOf({ scope: 'run', target: run }),
      stopOf({ scope: 'workflow', target: 'support' }),
    ];
    for (const stop of stops) {
      const at = await desk();
      const permit = at.office.mint(minting(at));
      at.held = { ...at.held!, stops: [stop] };
      expect(at.office.open(permit, use())).toMatchObject({ failure: { code: 'permit_stopped' } });
    }
    const at = await desk();
    const permit = at.office.mint(minting(at));
    at.held = { ...at.held!, stops: [stopOf({ scope: 'tool', target: 'refund' })] };
    expect(at.office.open(permit, use()).ok).toBe(true);
    const unknown = at.office.mint(minting(at));
    at.held = undefined;
    expect(at.office.open(unknown, use())).toMatchObject({ failure: { code: 'permit_stopped' } });
  });

  it('to read for a decision is held back by a stop on the tool that reads', async () => {
    const at = await desk();
    const read = { action: 'data.read', object: { type: 'data', id: 'order.owner' } } as const;
    const input = { ...minting(at, read), door: 'data', target: 'get_order' } as const;
    const permit = at.office.mint(input);
    at.held = { ...at.held!, stops: [stopOf({ scope: 'tool', target: 'get_order' })] };
    expect(at.office.open(permit, { ...use(), door: 'data' })).toMatchObject({ failure: { code: 'permit_stopped' } });
  });
});

describe('minting', () => {
  const refuses = async (
    change: (input: MintInput, at: Desk) => Partial<MintInput>,
    message: RegExp,
  ): Promise<void> => {
    const at = await desk();
    const input = minting(at);
    expect(() => at.office.mint({ ...input, ...change(input, at) })).toThrow(message);
  };
  const stranger = { id: newId('decision') } as Decision;

  it.each<[string, Parameters<typeof refuses>[0], RegExp]>([
    [
      'a decision that was copied',
      ({ decision }) => ({ decision: { ...decision } }),
      /no allow that this process decided/,
    ],
    ['a decision that was made up', () => ({ decision: stranger }), /no allow that this process decided/],
    [
      'a denial',
      (_input, { held }) => ({ decision: decide(held!, toolCall({ chain: [{ agent: 'x', digest: 'y' }] })) }),
      /no allow/,
    ],
    [
      'a commit that was made up',
      ({ committed }) => ({ committed: { ...committed } as Committed }),
      /proof of a commit/,
    ],
    [
      'a commit of another decision',
      () => ({ committed: Committed.afterCommit(unit([stranger]), 0) }),
      /not in the committed unit/,
    ],
    [
      'a commit of another run',
      ({ decision }) => ({ committed: Committed.afterCommit(unit([decision], { run: newId('run') }), 0) }),
      /another run/,
    ],
    [
      'a commit of another tenant',
      ({ decision }) => ({ committed: Committed.afterCommit(unit([decision], { tenant: newId('tenant') }), 0) }),
      /another run/,
    ],
    ['another door', () => ({ door: 'model' }), /does not open the door model/],
    ['another target', () => ({ target: 'refund' }), /allowed get_order, not refund/],
    ['other arguments', () => ({ args: { order_id: '#W2' } }), /other arguments/],
  ])('[I1] throws for %s', async (_what, change, message) => {
    await refuses(change, message);
  });

  it('[I1] throws for arguments changed in place after the decision', async () => {
    const at = await desk();
    const args: { order_id: string } = { order_id: '#W1' };
    const input = minting(at, { args });
    args.order_id = '#W2';
    expect(() => at.office.mint(input)).toThrow(/other arguments/);
  });

  it('[I1] keeps its own copy of the arguments, out of the caller’s reach', async () => {
    const at = await desk();
    const args: { order_id: string } = { order_id: '#W1' };
    const permit = at.office.mint(minting(at, { args }));
    args.order_id = '#W2';
    expect(at.office.open(permit, use(args))).toMatchObject({ failure: { code: 'permit_argument_mismatch' } });
  });

  it('[I1] gives one permit for one decision', async () => {
    const at = await desk();
    const input = minting(at);
    at.office.mint(input);
    expect(() => at.office.mint({ ...input, attempt: 3 })).toThrow(/its permit already/);
  });

  it('throws for a tool call whose arguments were never shown to the policy', async () => {
    const at = await desk();
    const { args: _, ...bare } = request();
    const decision = decide(at.held!, bare);
    const committed = Committed.afterCommit(unit([decision], { id: newId('unit') as UnitId }), 0);
    expect(() => at.office.mint({ ...minting(at), decision, committed })).toThrow(/without the arguments/);
  });
});
