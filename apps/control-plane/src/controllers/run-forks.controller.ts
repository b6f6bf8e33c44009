import { Controller, Inject } from '@nestjs/common';
import { ok, refuse, type Result, type RunId } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { noRun } from '../frame/not-found';
import { type Commands, type Queries, RUN_COMMANDS, RUN_QUERIES } from '../tokens';

/** Runs made of other runs, two of them side by side, and runs that go on by other versions. */
@Controller()
export class RunForksController {
  constructor(
    @Inject(RUN_COMMANDS) private readonly commands: Commands,
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  @Operation('forkRun')
  async fork(@ThisCall() call: Call<'forkRun'>): Promise<Result<AnswerOf<'forkRun'>>> {
    const { at, step, effects, reason, budget } = call.body;
    const asks = effects === 'live' ? (['run.read', 'run.fork', 'run.fork_live', 'run.start'] as const) : STUBBED;
    const may = await this.gate.leaveToEngine(call, ...asks);
    if (!may.ok) return may;
    if (at !== undefined && step !== undefined) return refuse(BOTH);
    const { principal: caller } = callerOf(call);
    const key = call.idempotencyKey;
    const forked = await this.commands.fork({
      tenant: tenantOf(call),
      caller,
      run: call.params.id as RunId,
      at: at ?? null,
      step: step ?? null,
      effects,
      reason,
      ...(budget === undefined ? {} : { budget }),
      ...(key === null ? {} : { idempotencyKey: `${caller.id} ${key}` }),
    });
    if (!forked.ok) return forked;
    call.state.replayed = forked.value.replayed;
    return ok({ id: forked.value.run, of: call.params.id, effects });
  }

  @Operation('getRunUpgrade')
  async upgradeChoice(@ThisCall() call: Call<'getRunUpgrade'>): Promise<Result<AnswerOf<'getRunUpgrade'>>> {
    const tenant = tenantOf(call);
    const id = call.params.id as RunId;
    const run = await this.queries.brief(tenant, id);
    if (!run) return refuse(noRun(id));
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: run.workflow } });
    if (!may.ok) return may;
    return (await this.queries.upgradeChoice(tenant, id, call.query.version)) ?? refuse(noRun(id));
  }

  @Operation('upgradeRun')
  async upgrade(@ThisCall() call: Call<'upgradeRun'>): Promise<Result<AnswerOf<'upgradeRun'>>> {
    const may = await this.gate.leaveToEngine(call, 'run.upgrade');
    if (!may.ok) return may;
    const { version, reason } = call.body;
    const input = { tenant: tenantOf(call), caller: callerOf(call).principal, run: call.params.id as RunId, reason };
    return this.writes.told(call, () =>
      this.commands.upgrade({ ...input, ...(version === undefined ? {} : { version }) }),
    );
  }

  @Operation('diffRuns')
  async diff(@ThisCall() call: Call<'diffRuns'>): Promise<Result<AnswerOf<'diffRuns'>>> {
    const tenant = tenantOf(call);
    const { a, b } = call.query;
    for (const id of [a, b]) {
      const run = await this.queries.brief(tenant, id as RunId);
      if (!run) return refuse(noRun(id));
      const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: run.workflow } });
      if (!may.ok) return may;
    }
    return this.queries.compare(tenant, a as RunId, b as RunId);
  }
}

const STUBBED = ['run.read', 'run.fork'] as const;

const BOTH = {
  code: 'invalid_request',
  class: 'permanent',
  message: 'a fork is from an event or from a step, not from both',
  details: { '/step': 'leave out `at` or `step`' },
} as const;
