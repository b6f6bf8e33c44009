import { digestOf, canonicalJson, type Hop, newId, type RunId, type TenantId, type ToolGrant } from '@writ/kernel';
import { type AuditContext, type AuditDraft, type DecisionEvidence, originOf } from '@writ/audit';
import type { Decision } from '@writ/policy';
import type { RiskTier } from '@writ/words';
import type { RunStarted } from './events';

/** What every event of one run has in common, and the context now in force. */
export interface EvidenceScope {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly origin: string;
  readonly traceId: string | null;
  spanId: string | null;
  /** Digest of the context each branch last acted in; '' is the run's own course. */
  readonly contexts: Map<string, string>;
  /** Digests of the contexts that `context` events have declared. */
  readonly declared: Set<string>;
  /** The constants last asked for, and their text: most acts of a run ask for the same again. */
  latest: { readonly input: ContextInput; readonly text: string; readonly digest: string } | null;
}

export function evidenceScope(tenant: TenantId, run: RunId, traceId: string | null): EvidenceScope {
  return {
    tenant,
    run,
    origin: originOf(tenant),
    traceId,
    spanId: null,
    contexts: new Map(),
    declared: new Set(),
    latest: null,
  };
}

type Fields = Omit<AuditDraft, 'id' | 'tenant' | 'origin' | 'time' | 'run' | 'context' | 'trace' | 'span'>;

/**
 * One audit event of the run, at `now` (epoch milliseconds). It names the context of the branch it is about; '' is the
 * run's own course.
 */
export function evidence(
  scope: EvidenceScope,
  { now, branch = '' }: { readonly now: number; readonly branch?: string },
  fields: Fields,
): AuditDraft {
  return draftOf(scope, { now, context: scope.contexts.get(branch) ?? scope.contexts.get('') }, fields);
}

function draftOf(
  { tenant, origin, run, traceId, spanId }: EvidenceScope,
  { now, context }: { readonly now: number; readonly context: string | undefined },
  fields: Fields,
): AuditDraft {
  const id = newId('event', now);
  const draft: { -readonly [K in keyof AuditDraft]: AuditDraft[K] } = {
    ...fields,
    id,
    tenant,
    origin,
    run,
    time: iso(now),
  };
  if (context !== undefined) draft.context = context;
  if (traceId !== null) draft.trace = traceId;
  if (spanId !== null) draft.span = spanId;
  return draft;
}

const lastTime = { ms: NaN, text: '' };

/** RFC 3339 in UTC. A unit's events mostly share their millisecond, and a date costs a tenth of an event. */
function iso(ms: number): string {
  if (ms !== lastTime.ms) {
    lastTime.ms = ms;
    lastTime.text = new Date(ms).toISOString();
  }
  return lastTime.text;
}

export interface ContextInput {
  readonly started: RunStarted;
  /** Digest of the versions in force. */
  readonly bill: string;
  readonly chain: readonly Hop[];
  readonly snapshot: string;
  readonly build: string;
}

/** The run constants as one object, in the order of canonical JSON. */
function contextOf({ started, bill, chain, snapshot, build }: ContextInput): AuditContext {
  return {
    build,
    chain,
    ...(started.mandate !== null && { grants: started.mandate.tools.map(grantOf) }),
    initiator: started.initiator.id,
    keys: [],
    mandate: started.mandate === null ? null : digestOf(canonicalJson(started.mandate)),
    roles: started.initiator.roles,
    snapshot,
    workflow: { digest: bill, name: started.workflow },
  };
}

const grantOf = ({ tool, only, atMost }: ToolGrant): NonNullable<AuditContext['grants']>[number] =>
  Object.keys({ ...only, ...atMost }).length > 0 ? { tool, limited: true } : { tool };

/** Makes sure the constants in force for a branch are these; returns the `context` event that declares them, once per run. */
export function enterContext(
  scope: EvidenceScope,
  input: ContextInput,
  at: { readonly now: number; readonly branch: string },
): AuditDraft | null {
  if (scope.latest === null || !sameContext(scope.latest.input, input)) {
    const text = canonicalJson(contextOf(input));
    // Its own copy of the chain: a handoff lengthens the caller's.
    scope.latest = { input: { ...input, chain: [...input.chain] }, text, digest: digestOf(text) };
  }
  const { digest, text } = scope.latest;
  scope.contexts.set(at.branch, digest);
  if (!scope.contexts.has('')) scope.contexts.set('', digest);
  if (scope.declared.has(digest)) return null;
  scope.declared.add(digest);
  return draftOf(scope, { now: at.now, context: undefined }, { type: 'context', detail: { context: text } });
}

function sameContext(a: ContextInput, b: ContextInput): boolean {
  if (a.started !== b.started || a.bill !== b.bill || a.snapshot !== b.snapshot || a.build !== b.build) return false;
  return a.chain.length === b.chain.length && a.chain.every((hop, i) => sameHop(hop, b.chain[i]!));
}

const sameHop = (a: Hop, b: Hop): boolean =>
  a.agent === b.agent && a.digest === b.digest && a.delegation === b.delegation && a.mode === b.mode;

/**
 * A decision as evidence: verdict, reason, and the rules of each stage by id. A rule whose condition could not be
 * evaluated stands with a `?`: whoever recombines the verdict must know that an allow of it did not count (I7).
 */
export function decisionEvidence(decision: Decision): DecisionEvidence {
  // In the order of canonical JSON, which then need not sort it.
  return {
    id: decision.id,
    mode: 'enforce',
    ...(decision.obligations.length > 0 && { obligations: decision.obligations.map((obligation) => obligation.id) }),
    reason: decision.reason,
    stages: decision.stages.map((stage) => [stage.stage, stage.verdict, ...stage.matches.map(ridOf)] as const),
    verdict: decision.verdict,
  };
}

/** The tier that a decision went by, for its event: the last stage that is asked. */
export function tierEvidence({ stages }: Pick<Decision, 'stages'>): { readonly tier: RiskTier } | undefined {
  const last = stages.at(-1);
  return last?.stage === 'tier' ? { tier: last.subject as RiskTier } : undefined;
}

const ridOf = ({ rid, error }: Decision['stages'][number]['matches'][number]): string =>
  error === undefined ? rid : `?${rid}`;
