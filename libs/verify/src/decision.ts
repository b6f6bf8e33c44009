/** Evidence as it is read back: only what decisions are recombined from, each member checked to be what it should be. */
export interface DecidedEvent {
  readonly type: string;
  readonly run: string;
  readonly actor: string | null;
  readonly action: string | null;
  readonly object: { readonly type: string; readonly id: string } | null;
  /** Epoch milliseconds; null where it is no time. */
  readonly time: number | null;
  /** Digest of the context event in force. */
  readonly context: string | null;
  /** Id of the request that people answered. */
  readonly approval: string | null;
  /** Labels that had entered the run. */
  readonly labels: readonly string[];
  /** The tenant's authority epoch it was decided under; null where that is not told. */
  readonly epoch: number | null;
  /** The risk tier that it was decided in. */
  readonly tier: string | null;
  readonly decision: ReadDecision;
}

export interface ReadDecision {
  readonly verdict: string;
  readonly reason: string;
  readonly stages: readonly ReadStage[];
  readonly obligations: readonly string[];
  readonly snapshot: string | null;
}

export interface ReadStage {
  readonly stage: string;
  readonly verdict: string;
  readonly rids: readonly string[];
}

export interface ReadHop {
  readonly agent: string;
  readonly digest: string;
  readonly mode: string | null;
  readonly delegation: string | null;
  /** When it ends, in epoch milliseconds, and the tools it is for; null where that is not bounded. */
  readonly bounds: { readonly end: number | null; readonly tools: readonly string[] | null } | null;
}

/** What a context event holds of the constants of a run. */
export interface ReadContext {
  readonly initiator: string;
  readonly roles: readonly string[];
  readonly chain: readonly ReadHop[];
  readonly snapshot: string;
  readonly mandate: boolean;
  /** The tools that the mandate names, and whether it limits their arguments; null where evidence does not tell. */
  readonly grants: readonly ReadGrant[] | null;
}

export interface ReadGrant {
  readonly tool: string;
  readonly limited: boolean;
}

type Members = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

/** The decision of an event; null when it has none, `malformed` when it has something else in its place. */
export function decidedEvent(event: Members): DecidedEvent | 'malformed' | null {
  const { decision } = event;
  if (decision === undefined) return null;
  if (!isObject(decision)) return 'malformed';
  const { verdict, reason, stages, obligations = [], snapshot } = decision;
  if (typeof verdict !== 'string' || typeof reason !== 'string' || !isTexts(obligations)) return 'malformed';
  if (!Array.isArray(stages)) return 'malformed';
  const read: ReadStage[] = [];
  for (const stage of stages as readonly unknown[]) {
    if (!isTexts(stage) || stage.length < 2) return 'malformed';
    read.push({ stage: stage[0]!, verdict: stage[1]!, rids: stage.length > 2 ? stage.slice(2) : NONE });
  }
  return {
    type: text(event['type']) ?? '',
    run: text(event['run']) ?? '',
    actor: text(event['actor']),
    action: text(event['action']),
    object: objectOf(event['object']),
    time: timeOf(event['time']),
    context: text(event['context']),
    approval: text(event['approval']),
    labels: isTexts(event['labels']) ? event['labels'] : NONE,
    epoch: epochOf(event['authority']),
    tier: text(event['tier']),
    decision: { verdict, reason, stages: read, obligations, snapshot: text(snapshot) },
  };
}

const NONE: readonly string[] = [];

function epochOf(authority: unknown): number | null {
  const epoch = isObject(authority) ? authority['tenant'] : null;
  return Number.isSafeInteger(epoch) ? (epoch as number) : null;
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function objectOf(value: unknown): DecidedEvent['object'] {
  if (!isObject(value)) return null;
  const { type, id } = value;
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : null;
}

/** Reads the text of a context event; null for anything else. */
export function readContext(json: string): ReadContext | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const { initiator, roles, chain, snapshot, mandate, grants } = value;
  if (typeof initiator !== 'string' || !isTexts(roles) || typeof snapshot !== 'string') return null;
  if (!Array.isArray(chain)) return null;
  const hops: ReadHop[] = [];
  for (const hop of chain as readonly unknown[]) {
    if (!isObject(hop) || typeof hop['agent'] !== 'string') return null;
    const bounds = boundsOf(hop['bounds']);
    if (bounds === 'malformed') return null;
    const digest = text(hop['digest']) ?? '';
    hops.push({ agent: hop['agent'], digest, mode: text(hop['mode']), delegation: text(hop['delegation']), bounds });
  }
  const given = mandate !== null && mandate !== undefined;
  return { initiator, roles, chain: hops, snapshot, mandate: given, grants: grantsOf(grants) };
}

function grantsOf(value: unknown): ReadContext['grants'] {
  if (!Array.isArray(value)) return null;
  return (value as readonly unknown[]).flatMap((grant) => {
    const tool = isObject(grant) ? text(grant['tool']) : null;
    return tool === null ? [] : [{ tool, limited: (grant as Members)['limited'] === true }];
  });
}

function boundsOf(value: unknown): ReadHop['bounds'] | 'malformed' {
  if (value === undefined) return null;
  if (!isObject(value)) return 'malformed';
  const { expires_at: end = null, tools = null } = value;
  if (end !== null && typeof end !== 'number') return 'malformed';
  if (tools === null) return { end, tools };
  if (!Array.isArray(tools)) return 'malformed';
  const names = (tools as readonly unknown[]).map((grant) => (isObject(grant) ? text(grant['tool']) : null));
  return isTexts(names) ? { end, tools: names } : 'malformed';
}
