import { type BudgetId, canonicalJson, newId } from '@writ/kernel';
import { type ChainHead, extendChain } from '@writ/audit';
import type { AuthorityEpochs, GroupCommit, Unit, UnitOutcome } from '@writ/database';
import { isFinal } from '@writ/words';
import { apply } from './fold';
import type { RunEvent } from './events';
import { emptyPending, type HeldRun, joinedPending, type Pending } from './held-run';
import { journalLine } from './journal-line';
import { branchOf } from './path';
import type { Claim, CommitResult, Standing, Tail, UnitRequest } from './unit-request';
import { hasWait, rowWait, standingStatus, waitsOf } from './waits';

const EMPTY: Tail = { events: [], audits: [], decisions: [] };
const NOTHING: CommitResult = { kind: 'nothing' };

/**
 * Commits what is pending together with a tail, as one unit under the fence (I2, I3). On success the tail is applied
 * and the heads move; on any refusal nothing moved, and the pending facts stay for the next try.
 *
 * One unit of a run is on its way at a time. What its branches want meanwhile joins the next one, so branches that run
 * side by side share commits as runs do.
 */
export function commitUnit(writer: GroupCommit, held: HeldRun, request: UnitRequest): Promise<CommitResult> {
  return new Promise((resolve, reject) => {
    held.claims.push({ ...request, resolve, reject });
    if (held.committing) return;
    held.committing = true;
    // Branches begun in one look come here within one turn of the event loop: they share the unit.
    if (held.crew.size > 1) setImmediate(() => void commitAll(writer, held));
    else void commitAll(writer, held);
  });
}

async function commitAll(writer: GroupCommit, held: HeldRun): Promise<void> {
  while (held.claims.length > 0) {
    const claims = takeClaims(held.claims);
    try {
      await commitTogether(writer, held, claims);
    } catch (error) {
      for (const claim of claims) claim.reject(error);
    }
  }
  held.committing = false;
  // What was recorded while the unit was on its way may need a unit of its own.
  held.crew.nudge();
}

/** The first claim, and those that may stand in one unit with it: decided under the same authority, and going on. */
function takeClaims(claims: Claim[]): Claim[] {
  const first = claims[0]!;
  if (first.standing || claims.length === 1) return claims.splice(0, 1);
  const taken = claims.filter((claim) => !claim.standing && sameEpochs(claim.authority, first.authority));
  claims.splice(0, claims.length, ...claims.filter((claim) => !taken.includes(claim)));
  return taken;
}

const sameEpochs = (a: AuthorityEpochs, b: AuthorityEpochs): boolean =>
  a.tenant === b.tenant && a.platform === b.platform;

async function commitTogether(writer: GroupCommit, held: HeldRun, claims: readonly Claim[]): Promise<void> {
  const { authority, standing } = claims[0]!;
  const under = held.create ? held.startedUnder : null;
  if (under && !sameEpochs(under, authority)) {
    for (const claim of claims) claim.resolve({ kind: 'stale' });
    return;
  }
  const tails: Tail[] = [];
  const joined: Claim[] = [];
  for (const claim of claims) {
    const tail = claim.build?.(tails) ?? EMPTY;
    if ('code' in tail) claim.resolve({ kind: 'refused', failure: tail });
    else {
      tails.push(tail);
      joined.push(claim);
    }
  }
  if (joined.length === 0) return;
  const drawn = drawUp(held, { tails, authority, standing: standing ?? going(held, tails) });
  const result = drawn === null ? NOTHING : takeIn(held, drawn, await writer.commit(drawn.unit));
  if (result.kind === 'over_budget' && joined.length > 1) {
    // Together they do not fit; each may.
    for (const claim of joined) await commitTogether(writer, held, [claim]);
    return;
  }
  for (const claim of joined) claim.resolve(result);
}

/** A unit on its way, and what is known once it is in. */
interface Drawn {
  readonly unit: Unit;
  readonly facts: Pending;
  readonly tail: Tail;
  readonly events: readonly RunEvent[];
  readonly head: ChainHead;
}

/** The unit of what is pending and of the tails, which takes what is pending; null where there is nothing to write. */
function drawUp(held: HeldRun, { tails, standing, authority }: Terms): Drawn | null {
  const facts = held.pending;
  const tail = together(tails);
  const events = [...facts.events, ...tail.events];
  if (events.length === 0 && !held.create) return null;
  held.pending = emptyPending();
  const { head, packed, hashes } = extendChain(held.chain, [...facts.audits, ...tail.audits]);
  const budget = held.holdings.unit(events);
  const known = { tenant: held.tenant, started: held.state.started };
  const unit: Unit = {
    id: newId('unit'),
    tenant: held.tenant,
    run: held.run,
    leaseEpoch: held.leaseEpoch,
    authority,
    seq: held.seq,
    nextSeq: held.seq + events.length,
    create: held.create,
    status: standing.status,
    wait: standing.wait === null ? null : canonicalJson(standing.wait),
    wakeAt: standing.wakeAt,
    release: standing.release || isFinal(standing.status),
    journal: events.map((event) => journalLine(known, event)).join('\n'),
    audit: packed,
    auditHashes: hashes,
    auditSeq: held.chain.seq,
    mail: facts.mail,
    decisions: [...facts.decisions, ...tail.decisions],
    ...(held.resumes && { resumes: held.resumes }),
    ...(budget && { budget }),
  };
  return { unit, facts, tail, events, head };
}

/** What became of it: on success the tail is applied and the heads move; on a refusal what was pending is so again. */
function takeIn(held: HeldRun, { unit, facts, tail, events, head }: Drawn, outcome: UnitOutcome): CommitResult {
  if (outcome.kind === 'refused') {
    // What was declared of contexts stays declared: events recorded meanwhile may name them.
    const contexts = tail.audits.filter((audit) => audit.type === 'context');
    held.pending = joinedPending({ ...facts, audits: [...facts.audits, ...contexts] }, held.pending);
    switch (outcome.reason) {
      case 'authority':
        // Refused for nothing but this: the lease is taken, as of a unit that was refused for a budget.
        held.resumes = null;
        return { kind: 'stale' };
      case 'exists':
        return { kind: 'exists' };
      case 'budget':
        held.resumes = null;
        return { kind: 'over_budget', budget: outcome.detail as BudgetId };
      case 'poisoned':
        return { kind: 'poisoned', detail: outcome.detail ?? 'refused by the database' };
      default:
        return { kind: 'lost' };
    }
  }
  for (const event of tail.events) apply(held.state, event);
  held.holdings.apply(events);
  held.seq += events.length;
  held.chain = head;
  held.resumes = null;
  if (held.create) {
    held.create = null;
    held.onCreated?.();
  }
  held.keeper.committed(held, { resting: unit.release, over: isFinal(unit.status) });
  return { kind: 'committed', committed: outcome.committed };
}

function together(tails: readonly Tail[]): Tail {
  const only = tails[0];
  if (only && tails.length === 1) return only;
  return {
    events: tails.flatMap((tail) => tail.events),
    audits: tails.flatMap((tail) => tail.audits),
    decisions: tails.flatMap((tail) => tail.decisions),
  };
}

/** How the run stands after a unit that carries intents: it runs, whatever other branches wait for. */
function going(held: HeldRun, tails: readonly Tail[]): Standing {
  if (!hasWait(held.state)) return ON_ITS_WAY;
  const moving = new Set(tails.flatMap((tail) => tail.events.map(branchOfIntent)));
  const waits = waitsOf(held.state, moving);
  const status = tails.length === 0 || moving.size === 0 ? standingStatus(held.state) : 'running';
  return { status, wait: rowWait(waits), wakeAt: null, release: false };
}

const ON_ITS_WAY: Standing = { status: 'running', wait: null, wakeAt: null, release: false };

const branchOfIntent = (event: RunEvent): string => (event.type === 'step_intended' ? branchOf(event.path) : '');

/** What a unit commits, how it leaves its run, and the authority that it was decided under. */
interface Terms {
  readonly tails: readonly Tail[];
  readonly standing: Standing;
  readonly authority: AuthorityEpochs;
}
