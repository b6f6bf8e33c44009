import {
  canonicalJson,
  type Failure,
  isId,
  type Json,
  newId,
  ok,
  type Principal,
  refuse,
  type Result,
  type RunId,
  type TenantId,
} from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import { insertMail, runRow, type Tx } from '@writ/database';
import { type Decision, decide, type DecisionRequest, type TenantAuthority } from '@writ/policy';
import { checkInput } from '@writ/registry';
import { isFinal } from '@writ/words';
import type { EngineContext } from '../context';
import type { InputBody } from '../mail-bodies';
import { recordDecisionIn } from '../record-decision';
import type { WakeUp } from '../wake-up';
import { keepAnswer, listQuestions, type Question, questionById, withdrawQuestions } from './question-store';

export interface AnswerInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly question: string;
  readonly answer: Json;
}

/** A question, and whether the reader may answer it: null, or why not. */
export interface QuestionFound {
  readonly question: Question;
  readonly barred: 'not_a_person' | 'lacks_role' | null;
}

/**
 * Questions that runs put to people, and their answers. An answer is decided as `run.answer`, must fit the question's
 * schema, and reaches the run as mail. INVARIANT (I12): the row is locked first, so one answer counts and the others are
 * told so.
 */
export class Questions {
  constructor(
    readonly ctx: EngineContext,
    readonly wakeUp: WakeUp,
  ) {}

  async get(tenant: TenantId, id: string, reader: Principal): Promise<QuestionFound | null> {
    if (!isId('input', id)) return null;
    const authority = await this.ctx.authority.get(tenant);
    const question = await this.ctx.db.withTenant(tenant, (tx) => questionById(tx, { tenant, id, lock: false }));
    return question && { question, barred: barred(question, reader, authority) };
  }

  async list(query: {
    readonly tenant: TenantId;
    readonly reader: Principal;
    readonly open: boolean;
    readonly run: RunId | null;
    readonly limit: number;
    readonly after: string | null;
  }): Promise<{ readonly data: readonly QuestionFound[]; readonly next: string | null }> {
    const { tenant, reader, limit } = query;
    const authority = await this.ctx.authority.get(tenant);
    const found = await this.ctx.db.withTenant(tenant, (tx) => listQuestions(tx, { ...query, limit: limit + 1 }));
    const data = found.slice(0, limit);
    return {
      data: data.map((question) => ({ question, barred: barred(question, reader, authority) })),
      next: found.length > limit ? (data.at(-1)?.id ?? null) : null,
    };
  }

  /** Refuses `not_found`, `policy_denied`, `not_eligible`, `schema_violation`, `state_conflict`. */
  async answer(input: AnswerInput): Promise<Result<{ readonly accepted: boolean }>> {
    const { tenant, caller, question: id, answer } = input;
    if (!isId('input', id)) return refuse(notFound(id));
    const authority = await this.ctx.authority.refresh(tenant);
    const now = this.ctx.clock.now();
    let run: RunId | null = null;
    const result = await this.ctx.db.withTenant(tenant, async (tx): Promise<Result<{ accepted: boolean }>> => {
      const question = await questionById(tx, { tenant, id, lock: true });
      if (!question) return refuse(notFound(id));
      run = question.run;
      const request: DecisionRequest = {
        tenant,
        initiator: caller,
        chain: [],
        action: 'run.answer',
        object: { type: 'run', id: question.workflow },
        now,
      };
      const decision = decide(authority, request);
      await recordDecisionIn(tx, { request, decision });
      if (decision.verdict !== 'allow') return refuse(denied(decision));
      const why = barred(question, caller, authority);
      if (why !== null) return refuse(notEligible(question, why));
      return take(tx, question, { answer, caller, now, decision });
    });
    if (result.ok && run !== null) await this.wakeUp.ring(tenant, run);
    return result;
  }
}

/** An agent's words are no person's answer; and a question may be for a role. */
function barred({ role }: Question, reader: Principal, { snapshot }: TenantAuthority): QuestionFound['barred'] {
  if (reader.kind === 'agent') return 'not_a_person';
  if (role === null) return null;
  const names = [reader.id, ...reader.roles.map((one) => `role:${one}`)];
  return names.some((name) => snapshot?.roles.has(name, `role:${role}`)) ? null : 'lacks_role';
}

async function take(
  tx: Tx,
  question: Question,
  given: {
    readonly answer: Json;
    readonly caller: Principal;
    readonly now: number;
    readonly decision: Decision;
  },
): Promise<Result<{ readonly accepted: boolean }>> {
  const { tenant, run, id, path, workflow } = question;
  const { answer, caller, now, decision } = given;
  if (question.status === 'answered') {
    const same = canonicalJson(question.answer ?? null) === canonicalJson(answer);
    return same ? ok({ accepted: false }) : refuse(conflict('it has been answered otherwise', id));
  }
  if (question.status === 'withdrawn') return refuse(conflict('nobody needs the answer any more', id));
  if (question.expiresAt !== null && now >= question.expiresAt) return refuse(conflict('its time is over', id));
  const row = await runRow(tx, tenant, run);
  if (!row || isFinal(row.status)) {
    await withdrawQuestions(tx, { tenant, run }, now);
    return refuse(conflict('its run is over', id));
  }
  const misfit = checkInput(question.schema, answer);
  if (misfit) return refuse({ ...misfit, code: 'schema_violation' });
  await keepAnswer(tx, question, { answer, by: caller.id, now });
  const body: InputBody = { input: id, path, answer };
  await insertMail(tx, {
    tenant,
    run,
    id: newId('mail', now),
    kind: 'input',
    body: canonicalJson(body),
    dedup: `input ${id}`,
    sender: caller.id,
  });
  await appendTenantEvent(tx, tenant, {
    type: 'question.answered',
    actor: caller.id,
    action: 'run.answer',
    object: { type: 'run', id: run },
    detail: { question: id, workflow, decision: decision.id },
  });
  return ok({ accepted: true });
}

const notFound = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no question ${id}`,
  next: 'List what is asked with `writ questions list`.',
});

const conflict = (what: string, id: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message: `question ${id} takes no answer: ${what}`,
  next: 'Look at its run.',
});

const notEligible = ({ role }: Question, why: 'not_a_person' | 'lacks_role'): Failure => ({
  code: 'not_eligible',
  class: 'policy',
  message: why === 'lacks_role' ? `it is asked of ${role}` : 'only people and services answer, never an agent',
  details: { reason: why },
});

const denied = ({ id, reason }: Decision): Failure => ({
  code: reason === 'stopped' ? 'stop_active' : 'policy_denied',
  class: 'policy',
  message: `run.answer was refused: ${reason}`,
  next: `Ask \`writ explain ${id}\` what would allow it.`,
  details: { decision_id: id, reason },
});
