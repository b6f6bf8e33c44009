import { Controller, Inject } from '@nestjs/common';
import { ROUTES } from '@writ/contract';
import { type Json, ok, type Result } from '@writ/kernel';
import type { Decision } from '@writ/policy';
import { type AccessAnswer, answerOf, errorOf, OBLIGATIONS_SUPPORTED, type Telling } from '../access/answer';
import { presented } from '../access/bound';
import { type Made, OutsideDecisions } from '../access/decisions';
import { ACCESS_REQUEST_CAPABILITY, ACCESS_REQUESTS } from '../access/drafts';
import { askerOf, baseOf } from '../access/metadata';
import { type Question, questionsOf, readable } from '../access/questions';
import { OutsideSearch, type PageAsked } from '../access/search';
import { Gate } from '../authority/gate';
import { WithHeaders } from '../frame/answer';
import { type AnswerOf, type Call, Operation, tenantOf, ThisCall } from '../frame/call';
import { Cursors, type ListIdentity } from '../frame/cursor';
import type { AnyCall } from '../frame/state';
import { DRAFTS } from '../tokens';

type Searches = 'searchSubjects' | 'searchResources' | 'searchActions';
type Answered<O extends 'evaluateAccess' | 'evaluateAccesses'> = Promise<Result<WithHeaders<AnswerOf<O>>>>;

/** OpenID AuthZEN: decisions about acts of applications outside. */
@Controller()
export class AccessController {
  constructor(
    @Inject(Gate) private readonly gate: Gate,
    @Inject(OutsideDecisions) private readonly decisions: OutsideDecisions,
    @Inject(OutsideSearch) private readonly search: OutsideSearch,
    @Inject(Cursors) private readonly cursors: Cursors,
    @Inject(DRAFTS) private readonly drafts: ReadonlySet<string>,
  ) {}

  @Operation('evaluateAccess')
  async evaluate(@ThisCall() call: Call<'evaluateAccess'>): Answered<'evaluateAccess'> {
    return this.single(call, call.body);
  }

  @Operation('evaluateAccesses')
  async evaluateAll(@ThisCall() call: Call<'evaluateAccesses'>): Answered<'evaluateAccesses'> {
    const { evaluations = [], options } = call.body;
    if (evaluations.length === 0) return this.single(call, ROUTES.evaluateAccess.body.schema.parse(call.body));
    const began = performance.now();
    const all = questionsOf(call.body);
    const questions = all.flatMap((asked) => (asked.ok ? [asked.value] : []));
    const may = await this.asks(call, ...questions);
    if (!may.ok) return may;
    const ending = ENDINGS[options.evaluations_semantic];
    // A question that is none is a denial at its place: where denials end the batch, what comes after it is not asked.
    const broken = ending === false ? all.findIndex((asked) => !asked.ok) : -1;
    const goOn = ({ verdict }: Decision): boolean => (verdict === 'allow') !== ending;
    const made = await this.decisions.decide(askerOf(call), broken < 0 ? questions : questions.slice(0, broken), goOn);
    if (!made.ok) return made;
    const whole = await this.mayExplain(call);
    const answers: AccessAnswer[] = [];
    const decided = made.value.values();
    for (const asked of all) {
      const next = asked.ok ? decided.next().value : null;
      if (next === undefined) break;
      answers.push(asked.ok && next ? this.told(call, asked.value, { made: next, whole }) : errorOf(asked));
      if (answers.at(-1)!.decision === ending) break;
    }
    return ok(timed({ evaluations: answers }, began));
  }

  @Operation('searchSubjects')
  async subjects(@ThisCall() call: Call<'searchSubjects'>): Promise<Result<AnswerOf<'searchSubjects'>>> {
    const { page: _, ...body } = call.body;
    const question = { ...body, subject: { ...body.subject, id: '' } };
    return this.searching(call, question, (page) => this.search.entities(askerOf(call), 'subject', { question, page }));
  }

  @Operation('searchResources')
  async resources(@ThisCall() call: Call<'searchResources'>): Promise<Result<AnswerOf<'searchResources'>>> {
    const { page: _, ...body } = call.body;
    const question = { ...body, resource: { ...body.resource, id: '' } };
    return this.searching(call, question, (page) =>
      this.search.entities(askerOf(call), 'resource', { question, page }),
    );
  }

  @Operation('searchActions')
  async actions(@ThisCall() call: Call<'searchActions'>): Promise<Result<AnswerOf<'searchActions'>>> {
    const { page: _, ...question } = call.body;
    return this.searching(call, { ...question, action: { name: '' } }, (page) =>
      this.search.actions(askerOf(call), { question, page }),
    );
  }

  @Operation('getAccessMetadata')
  async metadata(@ThisCall() call: Call<'getAccessMetadata'>): Promise<Result<AnswerOf<'getAccessMetadata'>>> {
    return ok(metadataOf(call, '', this.drafts));
  }

  @Operation('getTenantAccessMetadata')
  async tenantMetadata(
    @ThisCall() call: Call<'getTenantAccessMetadata'>,
  ): Promise<Result<AnswerOf<'getTenantAccessMetadata'>>> {
    return ok(metadataOf(call, `/${call.params.tenant}`, this.drafts));
  }

  private async single(call: AnyCall, question: Question): Answered<'evaluateAccess'> {
    const began = performance.now();
    const may = await this.asks(call, question);
    if (!may.ok) return may;
    const asked = readable(question);
    if (!asked.ok) return asked;
    const made = await this.decisions.decide(askerOf(call), [asked.value]);
    if (!made.ok) return made;
    const whole = await this.mayExplain(call);
    return ok(timed(this.told(call, question, { made: made.value[0]!, whole }), began));
  }

  private told(
    call: AnyCall,
    question: Question,
    { made, whole }: { readonly made: Made; readonly whole: boolean },
  ): AccessAnswer {
    const { decision, use, askUntil } = made;
    const telling = tellingOf(question, whole);
    if (!this.drafts.has(ACCESS_REQUESTS)) return answerOf(decision, telling);
    return answerOf(decision, telling, {
      ...(use && { use }),
      ...(askUntil !== undefined && { askUntil }),
      presented: presented(question),
      endpoint: `${baseOf(call)}${REQUESTS}`,
    });
  }

  private async searching<T>(
    call: Call<Searches>,
    question: Question,
    find: (page: PageAsked) => Promise<{ readonly results: readonly T[]; readonly next: string | null }>,
  ): Promise<Result<{ results: readonly T[]; page: { next_token: string; count: number } }>> {
    const may = await this.asks(call, question);
    if (!may.ok) return may;
    const asked = readable(question);
    if (!asked.ok) return asked;
    const { page: given = {}, ...filter } = call.body;
    const list: ListIdentity = { tenant: tenantOf(call), operation: call.operation, filter: filter as Json };
    const token = given.token ?? given.next_token ?? '';
    const after = token === '' ? ok(null) : this.cursors.read(list, token);
    if (!after.ok) return after;
    const limit = Math.min(MOST_RESULTS, Math.max(1, given.limit ?? USUAL_RESULTS));
    const { results, next } = await find({ limit, after: after.value });
    const next_token = next === null ? '' : this.cursors.sign(list, next);
    return ok({ results, page: { next_token, count: results.length } });
  }

  /** One right per type of resource: an application's enforcer may be held to what the application has. */
  private asks(call: AnyCall, ...questions: readonly Question[]): Promise<Result<unknown>> {
    const types = new Set(questions.map(({ resource }) => resource.type));
    const asks = [...(types.size === 0 ? ['*'] : types)].map(
      (id) => ({ action: 'decision.evaluate', object: { type: 'decision', id } }) as const,
    );
    return this.gate.ask(call, ...asks);
  }

  private mayExplain(call: AnyCall): Promise<boolean> {
    return this.gate.allows(call, { action: 'decision.explain', object: { type: 'policy', id: 'active' } });
  }
}

const tellingOf = ({ context }: Question, whole: boolean): Telling => ({
  whole,
  obligations: context?.['obligations_supported'] !== undefined,
});

const USUAL_RESULTS = 50;
const MOST_RESULTS = 200;

/** The answer at which a batch ends. */
const ENDINGS = { execute_all: null, deny_on_first_deny: false, permit_on_first_permit: true } as const;

/** How long it took here, in milliseconds (W3C Server Timing). */
const timed = <T>(body: T, began: number): WithHeaders<T> =>
  new WithHeaders(body, { 'server-timing': `decide;dur=${(performance.now() - began).toFixed(2)}` });

const REQUESTS = '/access/v1/requests';

function metadataOf(call: AnyCall, suffix: string, drafts: ReadonlySet<string>): AnswerOf<'getAccessMetadata'> {
  const base = baseOf(call);
  return {
    policy_decision_point: `${base}${suffix}`,
    issuer: `${base}${suffix}`,
    access_evaluation_endpoint: `${base}/access/v1/evaluation`,
    access_evaluations_endpoint: `${base}/access/v1/evaluations`,
    search_subject_endpoint: `${base}/access/v1/search/subject`,
    search_resource_endpoint: `${base}/access/v1/search/resource`,
    search_action_endpoint: `${base}/access/v1/search/action`,
    obligations_supported: OBLIGATIONS_SUPPORTED,
    ...(drafts.has(ACCESS_REQUESTS) && {
      access_request_endpoint: `${base}${REQUESTS}`,
      capabilities: [ACCESS_REQUEST_CAPABILITY],
    }),
  };
}
