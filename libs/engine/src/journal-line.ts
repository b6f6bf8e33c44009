import { canonicalJson, digestOf, type JsonObject, type TenantId } from '@writ/kernel';
import type { RecordedDecision, RunEvent, RunFailed, RunStarted, StepIntended, StepKind } from './events';
import { upcast, versioned } from './upcast';

type StageResult = RecordedDecision['stages'][number];
type RuleMatch = StageResult['matches'][number];
type Deciding = Extract<RunEvent, { decision: unknown }>;

/** What the lines of one run need not repeat. */
interface Known {
  readonly tenant: TenantId;
  readonly started: RunStarted;
}

/** A stage without what an allow by plain rules always says; `rids` stands for such rules. */
interface PackedStage {
  readonly stage: StageResult['stage'];
  readonly subject: string;
  readonly verdict?: StageResult['verdict'];
  readonly explicit?: false;
  readonly rids?: readonly string[];
  readonly matches?: readonly RuleMatch[];
}

interface PackedDecision extends Partial<Omit<RecordedDecision, 'id' | 'stages'>> {
  readonly id: RecordedDecision['id'];
  /** After the guardrail, when that let the act pass. */
  readonly asked?: readonly PackedStage[];
  /** All of them, otherwise. */
  readonly stages?: readonly PackedStage[];
}

const BILL_KIND: { readonly [K in StepKind]: string } = {
  model: 'model',
  tool: 'tool',
  data: 'tool',
  // Whom a guardrail asks is of no bill.
  check: '',
  handoff: 'agent',
  delegate: 'agent',
  run: 'child_workflow',
  agent: 'agent',
  // Nothing of a bill: what agents share is the workflow's own.
  board: '',
  message: '',
  start: 'workflow',
  finish: 'workflow',
};

/**
 * An event as its line of the journal: canonical JSON without what the same journal already says (the bill's digests,
 * the snapshot of the start, digests of arguments that stand beside them) and without values kept by digest. A step's
 * line is a third of its event: bytes are what a run costs the client, the server and its write-ahead log.
 * `journalEvents` puts all of it back.
 */
export function journalLine(known: Known, said: RunEvent): string {
  const { tenant, started } = known;
  const event = versioned(said);
  switch (event.type) {
    case 'run_started':
      return canonicalJson({ ...event, decision: pack(event.decision, tenant, null) });
    case 'step_denied':
    case 'step_asked':
      return canonicalJson({ ...event, decision: pack(event.decision, tenant, started) });
    case 'step_intended':
      return canonicalJson({
        ...event,
        decision: pack(event.decision, tenant, started),
        args: event.args_ref === undefined ? event.args : undefined,
        // INVARIANT: `args_digest` is the digest of the canonical arguments; so is `args_ref`.
        args_digest: event.args === undefined && event.args_ref === undefined ? event.args_digest : undefined,
        target_digest: pinned(started, event) === event.target_digest ? undefined : event.target_digest,
      });
    case 'step_settled':
      return canonicalJson(event.result_ref === undefined ? event : { ...event, result: undefined });
    case 'relay_asked':
      return canonicalJson(event.request_ref === undefined ? event : { ...event, request: undefined });
    case 'run_finished':
    case 'child_ended':
      return canonicalJson(event.output_ref === undefined ? event : { ...event, output: null });
    default:
      return canonicalJson(event);
  }
}

/** The line of a run's end, which leans on nothing else in its journal. */
export const endLine = (event: RunFailed): string => canonicalJson(versioned(event));

/**
 * The events of a whole journal, from its lines in order; values kept by digest are still to be fetched.
 * Lines from the middle of a journal are restored with its first event, `start`.
 */
export function journalEvents(tenant: TenantId, lines: readonly string[], start?: RunStarted): RunEvent[] {
  const events = lines.map((line) => upcast(JSON.parse(line) as JsonObject) as unknown as RunEvent);
  const first = events[0];
  if (first?.type === 'run_started') {
    const started = { ...first, decision: unpack(first.decision, tenant, null) };
    return [started, ...events.slice(1).map((event) => restored({ tenant, started }, event))];
  }
  return start ? events.map((event) => restored({ tenant, started: start }, event)) : events;
}

function restored(known: Known, event: RunEvent): RunEvent {
  const { tenant, started } = known;
  if (!isDeciding(event)) return event;
  const decision = unpack(event.decision, tenant, started);
  if (event.type !== 'step_intended') return { ...event, decision };
  const { args, args_ref: ref } = event;
  const derived = args === undefined ? ref : digestOf(canonicalJson(args));
  return {
    ...event,
    decision,
    args_digest: event.args_digest ?? derived,
    target_digest: event.target_digest ?? pinned(started, event) ?? '',
  };
}

const isDeciding = (event: RunEvent): event is Deciding => 'decision' in event;

function pinned(started: RunStarted, { kind, target }: StepIntended): string | undefined {
  const of = BILL_KIND[kind];
  return started.bill.find(([one, name]) => one === of && name === target)?.[2];
}

function pack(decision: RecordedDecision, tenant: TenantId, started: RunStarted | null): PackedDecision {
  const { stages, obligations, nearMisses, ...rest } = decision;
  const [first, ...asked] = stages;
  const passed = first !== undefined && isPass(first, tenant);
  return {
    ...rest,
    ...(passed ? { asked: asked.map(packStage) } : { stages: stages.map(packStage) }),
    ...(obligations.length > 0 && { obligations }),
    ...(nearMisses.length > 0 && { nearMisses }),
    ...(decision.reason === 'allowed' && { reason: undefined }),
    ...(decision.explicit && { explicit: undefined }),
    ...(decision.stage === stages.at(-1)?.stage && { stage: undefined }),
    ...(decision.snapshot === started?.decision.snapshot && { snapshot: undefined }),
  } as PackedDecision;
}

function unpack(kept: RecordedDecision, tenant: TenantId, started: RunStarted | null): RecordedDecision {
  const { asked, stages: all, ...rest } = kept as unknown as PackedDecision;
  const stages = asked ? [pass(tenant), ...asked.map(unpackStage)] : (all ?? []).map(unpackStage);
  const stage = stages.at(-1)?.stage ?? 'policy';
  const snapshot = started?.decision.snapshot ?? '';
  return { reason: 'allowed', explicit: true, stage, snapshot, obligations: [], nearMisses: [], ...rest, stages };
}

const pass = (tenant: TenantId): StageResult => ({
  stage: 'guardrail',
  subject: tenant,
  verdict: 'allow',
  explicit: false,
  matches: [],
});

const isPass = (one: StageResult, tenant: TenantId): boolean =>
  one.stage === 'guardrail' &&
  one.subject === tenant &&
  one.verdict === 'allow' &&
  !one.explicit &&
  one.matches.length === 0;

const plain = (rid: string): RuleMatch => ({ rid, effect: 'allow', condition: null, read: {} });

function isPlain(match: RuleMatch): boolean {
  if (match.effect !== 'allow' || match.condition !== null || match.error !== undefined) return false;
  for (const _path in match.read) return false;
  return true;
}

function packStage({ stage, subject, verdict, explicit, matches }: StageResult): PackedStage {
  const bare = matches.length > 0 && matches.every(isPlain);
  return {
    stage,
    subject,
    ...(verdict !== 'allow' && { verdict }),
    ...(!explicit && { explicit }),
    ...(bare ? { rids: matches.map((match) => match.rid) } : matches.length > 0 && { matches }),
  };
}

function unpackStage({ stage, subject, verdict, explicit, rids, matches }: PackedStage): StageResult {
  return {
    stage,
    subject,
    verdict: verdict ?? 'allow',
    explicit: explicit ?? true,
    matches: rids ? rids.map(plain) : (matches ?? []),
  };
}
