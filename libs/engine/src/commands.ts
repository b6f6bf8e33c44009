import {
  type BudgetId,
  canonicalJson,
  type Failure,
  isId,
  type MailId,
  newId,
  ok,
  refuse,
  type Result,
  type RunId,
  type TenantId,
} from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import { insertMail, type PolledMail, type RunRow, runRow, type Tx } from '@writ/database';
import { type Action, decide, type Decision, type DecisionRequest, type TenantAuthority } from '@writ/policy';
import { isFinal } from '@writ/words';
import type { Admission } from './admission/admission';
import type {
  CancelInput,
  ForkInput,
  NoteInput,
  ReconcileInput,
  RunCommandsApi,
  ResumeInput,
  SignalInput,
  StartedRun,
  StartRunInput,
  SteerInput,
  UpgradeInput,
} from './api';
import { spentBudget } from './budget/crossing';
import type { EngineContext } from './context';
import { decisionEvidence } from './evidence';
import type { WaitFor } from './events';
import { forkRun } from './fork/fork-run';
import type { CancelBody, NoteBody, ReconcileBody, SignalBody, SteerBody } from './mail-bodies';
import { recordDecisionIn } from './record-decision';
import { reopenRun, reopenToUndo, UNDOABLE } from './redrive';
import { type LocalWorker, startHere } from './start-here';
import { startInLine } from './start-in-line';
import { BillCache, earlierStart, prepareStart } from './start-run';
import { unheard } from './unheard';
import { upgradeRun } from './upgrade/upgrade-run';
import type { WakeUp } from './wake-up';
import { type RowWait, waitsIn } from './waits';

/** Where a start can go. */
export interface StartWays {
  readonly wakeUp: WakeUp;
  readonly admission: Admission;
  /** Null in a process that leads nothing. */
  readonly local: LocalWorker | null;
}

type Letter =
  | { readonly kind: 'signal'; readonly action: 'run.signal'; readonly body: SignalBody }
  /** `undo`: of a run that is over already. What it did is undone, and it ends as cancelled. */
  | { readonly kind: 'cancel'; readonly action: 'run.cancel'; readonly body: CancelBody; readonly undo?: true }
  | { readonly kind: 'pause'; readonly action: 'run.pause'; readonly body: SteerBody }
  | { readonly kind: 'resume'; readonly action: 'run.resume'; readonly body: SteerBody }
  | { readonly kind: 'redrive'; readonly action: 'run.redrive'; readonly body: SteerBody }
  | { readonly kind: 'note'; readonly action: 'run.steer'; readonly body: NoteBody }
  | {
      readonly kind: 'reconcile';
      readonly action: 'run.reconcile';
      readonly body: ReconcileBody;
      readonly attempt: number | undefined;
    };

type About = { readonly tenant: TenantId; readonly run: RunId; readonly caller: StartRunInput['caller'] };

interface Sending {
  readonly input: About;
  readonly letter: Letter;
  readonly decision: Decision;
}
type Deciding = Omit<Sending, 'decision'> & { readonly row: RunRow; readonly authority: TenantAuthority };

/**
 * What people and other programs ask of runs. Each is decided first; a refusal is recorded with its explanation and
 * answered with the decision's id. What does not hold a run's lease writes mail, never the journal.
 */
export class RunCommands implements RunCommandsApi {
  readonly #bills = new BillCache();

  constructor(
    readonly ctx: EngineContext,
    readonly ways: StartWays,
  ) {}

  /**
   * Durable when it returns: the run is in the journal, whoever will lead it. Where its tenant's line is full it is
   * refused as `busy`, unless its idempotency key has started a run before.
   */
  async start(input: StartRunInput): Promise<Result<StartedRun>> {
    for (;;) {
      const leased = this.ways.local?.mayBegin(input.tenant) === true;
      const prepared = await prepareStart(this.ctx, this.#bills, { input, leased });
      if (!prepared.ok) return prepared;
      const held = prepared.value;
      const entry = leased ? 'now' : this.ways.admission.enter(input.tenant);
      if (entry === 'busy') return this.#refuseBusy(input);
      const priority = input.priority ?? 0;
      const end = leased
        ? await startHere(this.ways.local!, held)
        : await startInLine(this.ctx, this.ways, { held, entry, priority });
      if (end === 'stale') continue;
      if (end === 'exists') return this.#replay(input);
      if (typeof end !== 'string') return refuse(this.#noPlace(input, end.budget));
      return ok({ run: held.run, replayed: false });
    }
  }

  async #replay(input: StartRunInput): Promise<Result<StartedRun>> {
    const earlier = await earlierStart(this.ctx.db, input);
    if (earlier === null) throw new Error('a run was refused as existing, and none exists under its key');
    return earlier;
  }

  async #refuseBusy(input: StartRunInput): Promise<Result<StartedRun>> {
    return (await earlierStart(this.ctx.db, input)) ?? refuse(this.ways.admission.busy(input.tenant));
  }

  #noPlace({ tenant, workflow }: StartRunInput, id: BudgetId): Failure {
    const budget = this.ctx.authority.current(tenant)?.budgets?.find((one) => one.id === id);
    return spentBudget(id, budget, `a run of ${workflow}`);
  }

  fork(input: ForkInput): Promise<Result<StartedRun>> {
    return forkRun(this.ctx, this.ways, input);
  }

  upgrade(input: UpgradeInput): Promise<Result<{ readonly accepted: boolean }>> {
    return upgradeRun(this.ctx, this.ways.wakeUp, input);
  }

  signal(input: SignalInput): Promise<Result<{ readonly accepted: boolean }>> {
    const { name, payload, correlation } = input;
    const body: SignalBody = { name, payload, ...(correlation !== undefined && { correlation }) };
    return this.#mail(input, { kind: 'signal', action: 'run.signal', body }, input.dedup ?? null);
  }

  cancel(input: CancelInput): Promise<Result<{ readonly accepted: boolean }>> {
    return this.#mail(input, { kind: 'cancel', action: 'run.cancel', body: { reason: input.reason } }, 'cancel');
  }

  /** Undoes what a run did that ended without doing so: by a stop, its deadline, a denial or a failure. */
  undo(input: SteerInput): Promise<Result<{ readonly accepted: boolean }>> {
    const { reason } = input;
    return this.#mail(input, { kind: 'cancel', action: 'run.cancel', body: { reason }, undo: true }, null);
  }

  pause(input: SteerInput): Promise<Result<{ readonly accepted: boolean }>> {
    return this.#mail(input, { kind: 'pause', action: 'run.pause', body: { reason: input.reason } }, null);
  }

  /** With a note both are decided, and both letters go out or neither: the agents hear it before they go on. */
  resume(input: ResumeInput): Promise<Result<{ readonly accepted: boolean }>> {
    const { reason, note } = input;
    const resumed: Letter = { kind: 'resume', action: 'run.resume', body: { reason } };
    if (note === undefined) return this.#mail(input, resumed, null);
    return this.#mail(input, [resumed, { kind: 'note', action: 'run.steer', body: { text: note } }], null);
  }

  redrive(input: SteerInput): Promise<Result<{ readonly accepted: boolean }>> {
    return this.#mail(input, { kind: 'redrive', action: 'run.redrive', body: { reason: input.reason } }, null);
  }

  /** Tells the agents of a run something, as an operator: they see it with their next turn. */
  note(input: NoteInput): Promise<Result<{ readonly accepted: boolean }>> {
    return this.#mail(input, { kind: 'note', action: 'run.steer', body: { text: input.text } }, input.dedup ?? null);
  }

  reconcile(input: ReconcileInput): Promise<Result<{ readonly accepted: boolean }>> {
    const { step, verdict, result, note } = input;
    const body: ReconcileBody = { step, verdict, note, ...(result !== undefined && { result }) };
    return this.#mail(input, { kind: 'reconcile', action: 'run.reconcile', body, attempt: input.attempt }, null);
  }

  /** Decides, then puts the letter in the run's mail together with an event of the tenant's stream. */
  async #mail(
    input: About,
    letters: Letter | readonly [Letter, Letter],
    dedup: string | null,
  ): Promise<Result<{ readonly accepted: boolean }>> {
    const { tenant, run } = input;
    const all = 'kind' in letters ? [letters] : letters;
    const [letter] = all;
    const put: PolledMail[] = [];
    const authority = await this.ctx.authority.get(tenant);
    const result = await this.ctx.db.withTenant(tenant, async (tx): Promise<Result<{ accepted: boolean }>> => {
      const row = isId('run', run) ? await runRow(tx, tenant, run) : null;
      if (!row) return refuse(notFound(run));
      // All are decided before any is sent.
      const sent: { letter: Letter; decision: Decision }[] = [];
      for (const one of all) {
        const decided = await this.#decide(tx, { input, row, letter: one, authority });
        if (!decided.ok) return decided;
        sent.push({ letter: one, decision: decided.value });
      }
      if (letter?.kind === 'redrive' && !(await reopenRun(tx, tenant, run))) return refuse(notInQuarantine(row.status));
      if (letter?.kind === 'cancel' && letter.undo && !(await reopenToUndo(tx, tenant, run))) {
        return refuse(nothingToUndo(row.status));
      }
      for (const { letter: one, decision } of sent) {
        const key = one === letter ? (dedup ?? answered(row, one)) : null;
        const mail = await this.#send(tx, { input, letter: one, dedup: key, decision });
        if (mail) put.push(mail);
      }
      return ok({ accepted: put.length > 0 });
    });
    if (result.ok) await this.ways.wakeUp.ring(tenant, run, put);
    return result;
  }

  /** May they, and can the run still take it. A refusal by the policy is recorded. */
  async #decide(tx: Tx, of: Deciding): Promise<Result<Decision>> {
    const { input, row, letter, authority } = of;
    const now = this.ctx.clock.now();
    const request: DecisionRequest = { ...base(input, letter.action, now), object: { type: 'run', id: row.workflow } };
    const decision = decide(authority, request);
    if (decision.verdict !== 'allow') {
      await recordDecisionIn(tx, { request, decision });
      return refuse(deniedMail(letter.action, decision.id, decision.reason));
    }
    const wrong =
      unfit(row, letter, now) ??
      (letter.kind === 'signal' ? await unheard(tx, input.tenant, { row, name: letter.body.name }) : null);
    return wrong ? refuse(wrong) : ok(decision);
  }

  async #send(
    tx: Tx,
    { input, letter, dedup, decision }: Sending & { readonly dedup: string | null },
  ): Promise<PolledMail | null> {
    const { tenant, run, caller } = input;
    const id = newId('mail', this.ctx.clock.now());
    const mail = { tenant, run, id, kind: letter.kind, body: canonicalJson(letter.body), sender: caller.id };
    if (!(await insertMail(tx, { ...mail, dedup }))) return null;
    await this.#noteMail(tx, { tenant, run, id, letter, caller: caller.id, decision });
    return mail;
  }

  async #noteMail(
    tx: Tx,
    sent: {
      readonly tenant: TenantId;
      readonly run: RunId;
      readonly id: MailId;
      readonly letter: Letter;
      readonly caller: string;
      readonly decision: Decision;
    },
  ): Promise<void> {
    const { tenant, run, id, letter, caller, decision } = sent;
    await appendTenantEvent(tx, tenant, {
      type: 'action.authorized',
      actor: caller,
      action: letter.action,
      object: { type: 'run', id: run },
      decision: { ...decisionEvidence(decision), snapshot: decision.snapshot },
      authority: decision.authority,
      detail: { mail: id, kind: letter.kind },
    });
  }
}

function base(
  input: { readonly tenant: TenantId; readonly caller: StartRunInput['caller'] },
  action: Action,
  now: number,
): Omit<DecisionRequest, 'object'> {
  return { tenant: input.tenant, initiator: input.caller, chain: [], action, now };
}

const notFound = (run: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no run ${run}`,
  next: 'List the runs you may see with `writ runs list`.',
});

const deniedMail = (action: string, decision: string, reason: string): Failure => ({
  code: 'policy_denied',
  class: 'policy',
  message: `${action} was refused: ${reason}`,
  next: `Ask \`writ explain ${decision}\` what would allow it.`,
  details: { decision_id: decision, reason },
});

const notInQuarantine = (status: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message: `the run is ${status}, not quarantined`,
  next: 'List those that are with `writ runs list --status quarantined`.',
});

const nothingToUndo = (status: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message: `the run is ${status}: undone is what a run left that failed, was denied, was stopped, or ran out of time`,
  next: 'Cancel a run that is not over: it undoes what it did by itself.',
});

/** One answer per lost outcome: a step whose next attempt is lost again is asked about again. */
function answered(row: RunRow, letter: Letter): string | null {
  const wait = letter.kind === 'reconcile' ? lostStep(row, letter.body.step) : undefined;
  return wait ? `reconcile ${wait.step} ${wait.not_before}` : null;
}

/** The wait for a person to say what became of a step. */
function lostStep(row: RunRow, step: number): Extract<WaitFor, { for: 'reconciliation' }> | undefined {
  const waits = waitsIn(row.wait === null ? null : (JSON.parse(row.wait) as RowWait));
  return waits.filter((one) => one.for === 'reconciliation').find((one) => one.step === step);
}

/** Whether the run can still take the letter; mail to a run that is over would never be read. */
function unfit(row: RunRow, letter: Letter, now: number): Failure | null {
  const conflict = (message: string, next: string): Failure => ({
    code: 'state_conflict',
    class: 'permanent',
    message,
    next,
  });
  if (letter.kind === 'redrive') return row.status === 'quarantined' ? null : notInQuarantine(row.status);
  if (letter.kind === 'cancel' && letter.undo) {
    return UNDOABLE.some((status) => status === row.status) ? null : nothingToUndo(row.status);
  }
  if (isFinal(row.status)) return conflict(`the run is ${row.status}`, 'Start a new run.');
  const held = waitsIn(row.wait === null ? null : (JSON.parse(row.wait) as RowWait)).some((one) => one.for === 'pause');
  if (letter.kind === 'pause' && held) return conflict('the run is paused already', 'Resume it when it may go on.');
  if (letter.kind === 'resume' && !held) return conflict('the run is not paused', 'Look at the run: its wait says so.');
  if (letter.kind !== 'reconcile') return null;
  const { step } = letter.body;
  const wait = lostStep(row, step);
  if (!wait) {
    return conflict(`the run does not wait for step ${step}`, 'Look at the run: its wait names the step.');
  }
  // Whoever looked after another attempt has seen nothing of this one, which may have happened since.
  if (letter.attempt !== undefined && wait.attempt !== undefined && letter.attempt !== wait.attempt) {
    return conflict(`attempt ${wait.attempt} of the step is lost by now`, 'Look at the other side again, then answer.');
  }
  if (now < wait.not_before) {
    const at = new Date(wait.not_before).toISOString();
    return conflict('the call may still be under way', `Look at the other side after ${at}, then answer.`);
  }
  return null;
}
