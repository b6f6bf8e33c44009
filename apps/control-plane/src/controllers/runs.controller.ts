import { Controller, Inject } from '@nestjs/common';
import { type Clock, type Failure, ok, refuse, type Result, type RunId } from '@writ/kernel';
import type { StartRunInput } from '@writ/engine';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { mandateOf } from '../frame/mandate';
import { noRun } from '../frame/not-found';
import { CLOCK, type Commands, type Queries, RUN_COMMANDS, RUN_QUERIES } from '../tokens';

@Controller()
export class RunsController {
  constructor(
    @Inject(RUN_COMMANDS) private readonly commands: Commands,
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('startRun')
  async start(@ThisCall() call: Call<'startRun'>): Promise<Result<AnswerOf<'startRun'>>> {
    const { on_behalf_of: onBehalfOf } = call.body;
    const actions = onBehalfOf ? (['run.start', 'principal.assert'] as const) : (['run.start'] as const);
    const may = await this.gate.leaveToEngine(call, ...actions);
    if (!may.ok) return may;
    const started = await this.commands.start(startInput(call));
    if (!started.ok) return refuse(inBody(started.failure));
    call.state.replayed = started.value.replayed;
    return ok({ id: started.value.run, workflow: call.body.workflow });
  }

  @Operation('getRun')
  async get(@ThisCall() call: Call<'getRun'>): Promise<Result<AnswerOf<'getRun'>>> {
    const run = await this.queries.get(tenantOf(call), call.params.id as RunId);
    if (!run) return refuse(noRun(call.params.id));
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: run.workflow } });
    return may.ok ? ok(run) : may;
  }

  @Operation('cancelRun')
  async cancel(@ThisCall() call: Call<'cancelRun'>): Promise<Result<AnswerOf<'cancelRun'>>> {
    const may = await this.gate.leaveToEngine(call, 'run.cancel');
    if (!may.ok) return may;
    return this.writes.told(call, () => this.commands.cancel({ ...about(call), reason: call.body.reason }));
  }

  @Operation('pauseRun')
  pause(@ThisCall() call: Call<'pauseRun'>): Promise<Result<AnswerOf<'pauseRun'>>> {
    return this.steer(call, 'pause');
  }

  @Operation('resumeRun')
  async resume(@ThisCall() call: Call<'resumeRun'>): Promise<Result<AnswerOf<'resumeRun'>>> {
    const { note } = call.body;
    const actions = note === undefined ? (['run.resume'] as const) : (['run.resume', 'run.steer'] as const);
    const may = await this.gate.leaveToEngine(call, ...actions);
    if (!may.ok) return may;
    return this.writes.told(call, () => this.commands.resume({ ...about(call), ...call.body }));
  }

  @Operation('redriveRun')
  redrive(@ThisCall() call: Call<'redriveRun'>): Promise<Result<AnswerOf<'redriveRun'>>> {
    return this.steer(call, 'redrive');
  }

  @Operation('undoRun')
  async undo(@ThisCall() call: Call<'undoRun'>): Promise<Result<AnswerOf<'undoRun'>>> {
    const may = await this.gate.leaveToEngine(call, 'run.cancel');
    if (!may.ok) return may;
    return this.writes.told(call, () => this.commands.undo({ ...about(call), reason: call.body.reason }));
  }

  private async steer(
    call: Call<'pauseRun'> | Call<'redriveRun'>,
    to: 'pause' | 'redrive',
  ): Promise<Result<AnswerOf<'pauseRun'>>> {
    const may = await this.gate.leaveToEngine(call, `run.${to}`);
    if (!may.ok) return may;
    return this.writes.told(call, () => this.commands[to]({ ...about(call), reason: call.body.reason }));
  }

  @Operation('signalRun')
  async signal(@ThisCall() call: Call<'signalRun'>): Promise<Result<AnswerOf<'signalRun'>>> {
    const may = await this.gate.leaveToEngine(call, 'run.signal');
    if (!may.ok) return may;
    const { name, payload, correlation } = call.body;
    const key = ownKey(call);
    const dedup = key === null ? {} : { dedup: `signal ${key}` };
    return this.writes.told(call, () =>
      this.commands.signal({
        ...about(call),
        name,
        payload,
        ...dedup,
        ...(correlation === undefined ? {} : { correlation }),
      }),
    );
  }

  @Operation('reconcileRun')
  async reconcile(@ThisCall() call: Call<'reconcileRun'>): Promise<Result<AnswerOf<'reconcileRun'>>> {
    const may = await this.gate.leaveToEngine(call, 'run.reconcile');
    if (!may.ok) return may;
    return this.writes.told(call, () => this.commands.reconcile({ ...about(call), ...call.body }));
  }

  @Operation('getRunTimeline')
  async timeline(@ThisCall() call: Call<'getRunTimeline'>): Promise<Result<AnswerOf<'getRunTimeline'>>> {
    const may = await this.mayReadRun(call);
    if (!may.ok) return may;
    const timeline = await this.queries.timeline(tenantOf(call), call.params.id as RunId, this.clock.now());
    return timeline ? ok(timeline) : refuse(noRun(call.params.id));
  }

  @Operation('listRunDecisions')
  async decisions(@ThisCall() call: Call<'listRunDecisions'>): Promise<Result<AnswerOf<'listRunDecisions'>>> {
    const may = await this.mayReadRun(call);
    if (!may.ok) return may;
    const page = await this.queries.decisions(tenantOf(call), call.params.id as RunId, sequencePage(call));
    if (!page) return refuse(noRun(call.params.id));
    const explain = { action: 'decision.explain', object: { type: 'run', id: may.value } } as const;
    if (await this.gate.allows(call, explain)) return ok(page);
    return ok({ ...page, data: page.data.map((decision) => ({ ...decision, near_misses: [] })) });
  }

  /** Runs are named to the policy by their workflow, so the run is looked up before it is asked about. */
  private async mayReadRun(call: Call<'listRunDecisions'> | Call<'getRunTimeline'>): Promise<Result<string>> {
    const run = await this.queries.brief(tenantOf(call), call.params.id as RunId);
    if (!run) return refuse(noRun(call.params.id));
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: run.workflow } });
    return may.ok ? ok(run.workflow) : may;
  }
}

/** A fault of the run's input, seen from the body it arrived in. */
const inBody = (failure: Failure): Failure =>
  failure.code === 'input_invalid'
    ? { ...failure, details: { [`/input${String(failure.details?.['pointer'] ?? '')}`]: failure.message } }
    : failure;

const sequencePage = (call: Call<'listRunDecisions'>) => ({
  limit: call.query.limit,
  ...(call.after === undefined ? {} : { after: Number(call.after) }),
});

type Told = 'cancelRun' | 'pauseRun' | 'resumeRun' | 'undoRun' | 'redriveRun' | 'signalRun' | 'reconcileRun';

const about = (call: { [O in Told]: Call<O> }[Told]) => ({
  tenant: tenantOf(call),
  caller: callerOf(call).principal,
  run: call.params.id as RunId,
});

/** The engine keeps keys per tenant; on the wire they are per principal, so the principal is part of the kept key. */
const ownKey = (call: Call<'startRun'> | Call<'signalRun'>): string | null =>
  call.idempotencyKey === null ? null : `${callerOf(call).principal.id} ${call.idempotencyKey}`;

function startInput(call: Call<'startRun'>): StartRunInput {
  const { workflow, version, input, mandate, budget, priority } = call.body;
  const { on_behalf_of: onBehalfOf, deadline_ms: deadlineMs } = call.body;
  const key = ownKey(call);
  return {
    tenant: tenantOf(call),
    caller: callerOf(call).principal,
    workflow,
    input,
    ...(version === undefined ? {} : { version }),
    ...(mandate === undefined ? {} : { mandate: mandate === null ? null : mandateOf(mandate) }),
    ...(budget === undefined ? {} : { budget }),
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(priority === undefined ? {} : { priority }),
    ...(key === null ? {} : { idempotencyKey: key }),
  };
}
