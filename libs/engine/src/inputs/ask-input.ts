import { canonicalJson, derivedId, type InputId, type Json, newId, sha256Hex, timeOfId } from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import type { EngineContext } from '../context';
import { commitUnit } from '../commit';
import type { HeldRun } from '../held-run';
import type { AskInput } from '../next-step';
import { record, recordWait } from '../outcomes';
import { branchOf } from '../path';
import type { Moved } from '../advance-end';
import { insertQuestion, questionById } from './question-store';

/**
 * Puts a node's question to people and says what the run then waits for. The question is durable before the wait is, under
 * an id that follows from run and node: asked again after a crash it is the same question, with the same end.
 */
export async function askInput(ctx: EngineContext, held: HeldRun, ask: AskInput): Promise<Moved> {
  const answer = held.recording?.answered(ask.path);
  if (answer !== undefined) return answerAgain(held, ask, { answer, now: ctx.clock.now() });
  if (held.create) {
    // A question names its run, so the run is there first.
    const { epochs } = await ctx.authority.get(held.tenant);
    const created = await commitUnit(ctx.writer, held, { authority: held.startedUnder ?? epochs });
    if (created.kind === 'stale') return { kind: 'stale_start' };
    if (created.kind === 'poisoned') return created;
    if (created.kind === 'lost' || created.kind === 'exists') return { kind: created.kind };
  }
  const wait = await putQuestion(ctx, held, ask);
  recordWait(held, { wait, branch: branchOf(ask.path), now: ctx.clock.now() });
  return null;
}

/** In a run that is given back what was: the answer people gave, without asking them again. */
function answerAgain(
  held: HeldRun,
  { path }: AskInput,
  { answer, now }: { readonly answer: Json; readonly now: number },
): null {
  const input = questionId(held, path);
  recordWait(held, { wait: { for: 'input', path, input, until: null }, branch: branchOf(path), now });
  const by = held.state.started.fork?.run ?? held.run;
  record(held, { type: 'input_answered', at: now, mail: newId('mail', now), path, input, answer, by });
  return null;
}

const questionId = ({ tenant, run }: HeldRun, path: string): InputId =>
  derivedId('input', timeOfId(run) ?? 0, sha256Hex(canonicalJson([tenant, run, path])));

async function putQuestion(ctx: EngineContext, held: HeldRun, ask: AskInput) {
  const { tenant, run } = held;
  const { workflow, initiator } = held.state.started;
  const { path } = ask;
  const now = ctx.clock.now();
  const id = questionId(held, path);
  const expiresAt = ask.timeoutMs === null ? null : now + ask.timeoutMs;
  const question = await ctx.db.withTenant(tenant, async (tx) => {
    const { question: words, schema, role } = ask;
    const made = { tenant, id, run, workflow, path, words, schema, role, askedAt: now, expiresAt };
    if (await insertQuestion(tx, made)) {
      await appendTenantEvent(tx, tenant, {
        type: 'question.asked',
        actor: initiator.id,
        object: { type: 'run', id: run },
        detail: { question: id, workflow, role },
      });
    }
    return questionById(tx, { tenant, id, lock: false });
  });
  return { for: 'input', path, input: id, until: question?.expiresAt ?? expiresAt } as const;
}
