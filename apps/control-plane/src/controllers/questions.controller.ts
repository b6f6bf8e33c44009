import { Controller, Inject } from '@nestjs/common';
import { type Clock, type Failure, ok, refuse, type Result, type RunId } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { time } from '../search/window';
import { CLOCK, type Commands, type Questions, QUESTIONS, RUN_COMMANDS } from '../tokens';

/** What workflows ask people, and what people tell runs. */
@Controller()
export class QuestionsController {
  constructor(
    @Inject(QUESTIONS) private readonly questions: Questions,
    @Inject(RUN_COMMANDS) private readonly commands: Commands,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listQuestions')
  async list(@ThisCall() call: Call<'listQuestions'>): Promise<Result<AnswerOf<'listQuestions'>>> {
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: '*' } });
    if (!may.ok) return may;
    const { limit, state, run } = call.query;
    const page = await this.questions.list({
      tenant: tenantOf(call),
      reader: callerOf(call).principal,
      open: state === 'open',
      run: (run as RunId | undefined) ?? null,
      limit,
      after: call.after ?? null,
    });
    const now = this.clock.now();
    return ok({ data: page.data.map((one) => view(one, now)), next: page.next });
  }

  @Operation('getQuestion')
  async get(@ThisCall() call: Call<'getQuestion'>): Promise<Result<AnswerOf<'getQuestion'>>> {
    const { id } = call.params;
    const found = await this.questions.get(tenantOf(call), id, callerOf(call).principal);
    if (!found) return refuse(noQuestion(id));
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: found.question.workflow } });
    return may.ok ? ok(view(found, this.clock.now())) : may;
  }

  @Operation('answerQuestion')
  async answer(@ThisCall() call: Call<'answerQuestion'>): Promise<Result<AnswerOf<'answerQuestion'>>> {
    const may = await this.gate.leaveToEngine(call, 'run.answer');
    if (!may.ok) return may;
    const { principal: caller } = callerOf(call);
    const input = { tenant: tenantOf(call), caller, question: call.params.id, answer: call.body.answer };
    return this.writes.told(call, () => this.questions.answer(input));
  }

  @Operation('noteRun')
  async note(@ThisCall() call: Call<'noteRun'>): Promise<Result<AnswerOf<'noteRun'>>> {
    const may = await this.gate.leaveToEngine(call, 'run.steer');
    if (!may.ok) return may;
    const { principal: caller } = callerOf(call);
    const key = call.idempotencyKey;
    const dedup = key === null ? {} : { dedup: `note ${caller.id} ${key}` };
    const input = { tenant: tenantOf(call), caller, run: call.params.id as RunId, text: call.body.text, ...dedup };
    return this.writes.told(call, () => this.commands.note(input));
  }
}

const noQuestion = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no question ${id}`,
  next: 'List what is asked with `writ questions list`.',
});

const timeOr = (ms: number | null): string | null => (ms === null ? null : time(ms));

type Found = NonNullable<Awaited<ReturnType<Questions['get']>>>;

function view({ question, barred }: Found, now: number): AnswerOf<'getQuestion'> {
  const { status, expiresAt } = question;
  const open = status === 'pending' && (expiresAt === null || now < expiresAt);
  return {
    id: question.id,
    run: question.run,
    workflow: question.workflow,
    path: question.path,
    question: question.words,
    schema: question.schema,
    role: question.role,
    status: status === 'pending' && !open ? 'withdrawn' : status,
    may_answer: open && barred === null,
    asked_at: time(question.askedAt),
    expires_at: timeOr(expiresAt),
    answer: question.answer ?? null,
    answered_by: question.answeredBy,
    ended_at: timeOr(question.endedAt),
  };
}
