import { Controller, Inject } from '@nestjs/common';
import type { Tx } from '@writ/database';
import { type Clock, type Failure, ok, refuse, type Result, type RunId } from '@writ/kernel';
import { revokeDelegation } from '@writ/policy';
import { recordChangeIn } from '../authority/change-events';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { noRun } from '../frame/not-found';
import { CLOCK, type Queries, RUN_QUERIES } from '../tokens';

type View = AnswerOf<'revokeDelegation'>;
type Delegation = NonNullable<Awaited<ReturnType<Queries['delegations']>>>['made'][number];

/** What agents gave each other to do, and taking it back. */
@Controller()
export class DelegationsController {
  constructor(
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listRunDelegations')
  async list(@ThisCall() call: Call<'listRunDelegations'>): Promise<Result<AnswerOf<'listRunDelegations'>>> {
    const run = call.params.id as RunId;
    const brief = await this.queries.brief(tenantOf(call), run);
    if (!brief) return refuse(noRun(run));
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: brief.workflow } });
    if (!may.ok) return may;
    const found = await this.queries.delegations(tenantOf(call), run, this.clock.now());
    return found ? ok({ under: found.under, data: found.made.map(viewOf) }) : refuse(noRun(run));
  }

  @Operation('revokeDelegation')
  async revoke(@ThisCall() call: Call<'revokeDelegation'>): Promise<Result<View>> {
    const tenant = tenantOf(call);
    const run = call.params.id as RunId;
    const brief = await this.queries.brief(tenant, run);
    if (!brief) return refuse(noRun(run));
    const act = async (tx: Tx): Promise<Result<View>> => {
      const found = await this.queries.delegations(tenant, run, this.clock.now());
      const made = found?.made.find((one) => one.id === call.params.delegation);
      if (!made) return refuse(notFound(run, call.params.delegation));
      const { reason } = call.body;
      const input = { tenant, run, delegation: made.id, reason, author: callerOf(call).principal.id };
      const revoked = await revokeDelegation(tx, input, recordChangeIn(tx));
      return ok(viewOf({ ...made, state: 'revoked', revoked }));
    };
    return this.writes.once(call, {
      asks: [{ action: 'run.revoke', object: { type: 'run', id: brief.workflow } }],
      act,
    });
  }
}

function viewOf(made: Delegation): View {
  const { id, run, parent, root, from, to, how, mode, purpose, bounds, budget, used, policy, step, path } = made;
  const { state, madeAt, revoked } = made;
  return {
    ...{ id, run, parent, root, from, to, how, mode, purpose },
    tools:
      bounds.tools?.map(({ tool, only, atMost }) => ({
        tool,
        ...(only && { only }),
        ...(atMost && { at_most: atMost }),
      })) ?? null,
    depth: bounds.depth ?? null,
    expires_at: bounds.expires_at === undefined ? null : timeOf(bounds.expires_at),
    labels: bounds.labels ?? null,
    ...{ budget, used, policy, step, path },
    made_at: timeOf(madeAt),
    state,
    revoked: revoked && { by: revoked.by, at: timeOf(revoked.at), reason: revoked.reason },
  };
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

const notFound = (run: string, delegation: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `run ${run} made no delegation ${delegation}`,
});
