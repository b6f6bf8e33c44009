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

/** A stage in which plain rules allow what the act's own agent, or the run's initiator, asks: `agent rul_… rul_…`. */
type NamedStage = string;

interface PackedDecision extends Partial<Omit<RecordedDecision, 'id' | 'stages'>> {
  readonly id: RecordedDecision['id'];
  /** After the guardrail, when that let the act pass. */
  readonly asked?: readonly (PackedStage | NamedStage)[];
  /** All of them, otherwise. */
  readonly stages?: readonly (PackedStage | NamedStage)[];
}

/** What is known of a decision's event without the decision. */
interface Around {
  readonly tenant: TenantId;
  /** The snapshot that most decisions of the run are made under; absent for the first. */
  readonly snapshot?: string;
  /** The agent that acts, if one does. */
  readonly agent: string | null;
  readonly initiator: string;
}

const aroundStart = (tenant: TenantId, { initiator }: RunStarted): Around => ({
  tenant,
  agent: null,
  initiator: initiator.id,
});

const around = ({ tenant, started }: Known, event: Deciding): Around => ({
  tenant,
  snapshot: started.decision.snapshot,
  agent: 'agent' in event ? event.agent : null,
  initiator: started.initiator.id,
});

/** Whose grants a stage asks for, where that follows from the event. */
function subjectOf(stage: string, { agent, initiator }: Around): string | null {
  if (stage === 'initiator') return initiator;
  return stage === 'agent' && agent !== null ? `agent:${agent}` : null;
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
  const { started } = known;
  const event = versioned(said);
  switch (event.type) {
    case 'run_started':
      return canonicalJson({ ...event, decision: pack(event.decision, aroundStart(known.tenant, event)) });
    case 'step_denied':
    case 'step_asked':
      return canonicalJson({ ...event, decision: pack(event.decision, around(known, event)) });
    case 'step_intended':
      return canonicalJson({
        ...event,
        decision: pack(event.decision, around(known, event)),
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
    const started = { ...first, decision: unpack(first.decision, aroundStart(tenant, first)) };
    return [started, ...events.slice(1).map((event) => restored({ tenant, started }, event))];
  }
  return start ? events.map((event) => restored({ tenant, started: start }, event)) : events;
}

function restored(known: Known, event: RunEvent): RunEvent {
  const { started } = known;
  if (!isDeciding(event)) return event;
  const decision = unpack(event.decision, around(known, event));
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

function pack(decision: RecordedDecision, known: Around): PackedDecision {
  const { stages, obligations, nearMisses, reason, snapshot, stage } = decision;
  const first = stages[0];
  const passed = first !== undefined && isPass(first, known.tenant);
  const said = (passed ? stages.slice(1) : stages).map((one) => packStage(one, known));
  // In the order of canonical JSON, which leaves out what is undefined. Its type holds it to every member.
  const packed: { readonly [K in keyof Required<PackedDecision>]: PackedDecision[K] | undefined } = {
    approval: decision.approval,
    asked: passed ? said : undefined,
    explicit: decision.explicit ? undefined : false,
    flow: decision.flow,
    handoffMode: decision.handoffMode,
    id: decision.id,
    nearMisses: nearMisses.length > 0 ? nearMisses : undefined,
    obligations: obligations.length > 0 ? obligations : undefined,
    reason: reason === 'allowed' ? undefined : reason,
    snapshot: snapshot === known.snapshot ? undefined : snapshot,
    stage: stage === stages.at(-1)?.stage ? undefined : stage,
    stages: passed ? undefined : said,
  };
  return packed as PackedDecision;
}

function unpack(kept: RecordedDecision, known: Around): RecordedDecision {
  const { asked, stages: all, ...rest } = kept as unknown as PackedDecision;
  const said = (asked ?? all ?? []).map((one) => unpackStage(one, known));
  const stages = asked ? [pass(known.tenant), ...said] : said;
  const stage = stages.at(-1)?.stage ?? 'policy';
  const snapshot = known.snapshot ?? '';
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

function packStage(result: StageResult, known: Around): PackedStage | NamedStage {
  const { stage, subject, verdict, explicit, matches } = result;
  const bare = matches.length > 0 && matches.every(isPlain);
  const named = bare && verdict === 'allow' && explicit && subject === subjectOf(stage, known);
  if (named && !matches.some(({ rid }) => rid.includes(' '))) {
    return matches.reduce((said, { rid }) => `${said} ${rid}`, stage as string);
  }
  return {
    ...(!explicit && { explicit }),
    ...(bare ? { rids: matches.map((match) => match.rid) } : matches.length > 0 && { matches }),
    stage,
    subject,
    ...(verdict !== 'allow' && { verdict }),
  };
}

function unpackStage(kept: PackedStage | NamedStage, known: Around): StageResult {
  if (typeof kept === 'string') {
    const [stage, ...rids] = kept.split(' ') as [StageResult['stage'], ...string[]];
    return {
      stage,
      subject: subjectOf(stage, known) ?? '',
      verdict: 'allow',
      explicit: true,
      matches: rids.map(plain),
    };
  }
  const { stage, subject, verdict, explicit, rids, matches } = kept;
  return {
    stage,
    subject,
    verdict: verdict ?? 'allow',
    explicit: explicit ?? true,
    matches: rids ? rids.map(plain) : (matches ?? []),
  };
}
