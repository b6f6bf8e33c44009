import { type Closure, covers } from '@writ/rules';
import type { Verdict } from '@writ/words';
import type { DecidedEvent, ReadStage } from './decision';
import { quote } from './report';

/** The guardrails as a policy's stored text has them. */
export interface GuardText {
  readonly checks: { readonly [id: string]: CheckText };
  readonly absolute: { readonly [id: string]: AbsoluteText };
}
interface CheckText {
  readonly at: readonly string[];
  readonly tools: readonly string[];
  readonly answers: boolean;
  readonly then: string;
  readonly ask?: string;
  readonly on_error: string;
}
interface AbsoluteText {
  readonly actions: readonly string[];
  readonly objects: readonly string[];
  readonly when?: string;
}

/** The guardrails as far as verdicts can be recombined from them. */
export interface GuardView {
  readonly text: GuardText;
  /** Those that hold in some tier whatever they say of themselves. */
  readonly required: ReadonlySet<string>;
  /** Whether a pattern names a thing, `tool:refund`, or a tool where it is written without its kind. */
  names(pattern: string, object: string): boolean;
}

/** Before the ids of what the platform adds. */
const PLATFORM = 'platform:';

/** Null where there are neither guardrails of the policy's own nor any of the platform. */
export function guardView(
  { own, platform }: { readonly own?: GuardText | undefined; readonly platform?: GuardText | undefined },
  classes: Closure,
  required: ReadonlySet<string> = new Set(),
): GuardView | null {
  if (own === undefined && platform === undefined) return null;
  return {
    text: {
      checks: { ...prefixed(platform?.checks, ask), ...own?.checks },
      absolute: { ...prefixed(platform?.absolute, when), ...own?.absolute },
    },
    required,
    names: (pattern, object) => (pattern.startsWith('class:') ? classes.has(object, pattern) : covers(pattern, object)),
  };
}

const ask = (check: CheckText): CheckText =>
  check.ask === undefined ? check : { ...check, ask: `${PLATFORM}${check.ask}` };

const when = (rule: AbsoluteText): AbsoluteText =>
  rule.when === undefined ? rule : { ...rule, when: `${PLATFORM}${rule.when}` };

const prefixed = <T>(all: { readonly [id: string]: T } = {}, made: (one: T) => T): { readonly [id: string]: T } =>
  Object.fromEntries(Object.entries(all).map(([id, one]) => [`${PLATFORM}${id}`, made(one)]));

const GUARD = 'guard:';
const ABSOLUTE = 'absolute:';

/** Whether a rule id of stage `guardrail` is that of a check; the others are stops and absolute rules, which deny. */
export const isGuard = (rid: string): boolean => rid.startsWith(GUARD) || rid.startsWith(`?${GUARD}`);

const BOUNDARY_OF: { readonly [action: string]: string } = {
  'model.invoke': 'input',
  'agent.invoke': 'input',
  'tool.invoke': 'output',
  'run.finish': 'output',
};

interface About {
  readonly guardrails: GuardView | null;
  /** Whether a condition was true of the act; null where evidence does not tell. */
  readonly truthOf?: (condition: string) => boolean | null;
  readonly obliged: Set<string>;
}

/**
 * What is wrong between what guardrails said and the policy; null when nothing is. What content held is not in evidence, so
 * that a check fired is taken from the record; whether it speaks of this act, and what its firing amounts to, is not. Adds
 * what it obliges to. A stop is none of the policy.
 */
export function guardFault(event: DecidedEvent, stage: ReadStage | undefined, about: About): string | null {
  if (stage === undefined) return null;
  const { guardrails } = about;
  const certain =
    guardrails === null || event.decision.reason === 'stopped'
      ? null
      : passedOver(event, stage, { ...about, guardrails });
  if (certain !== null) return certain;
  const named = stage.rids.filter((rid) => isGuard(rid) || bare(rid).startsWith(ABSOLUTE));
  if (named.length === 0) return null;
  if (guardrails === null) return `Stage guardrail names ${quote(named[0]!)}, and the policy has no guardrails`;
  const said: string[] = [];
  for (const rid of named) {
    const one = saidBy(rid, event, about);
    if ('fault' in one) return one.fault;
    said.push(one.verdict);
  }
  const verdict = said.includes('deny') ? 'deny' : said.includes('ask') ? 'ask' : 'allow';
  return verdict === stage.verdict
    ? null
    : `The guardrails of stage guardrail say ${verdict}, the stage says ${stage.verdict}`;
}

const bare = (rid: string): string => (rid.startsWith('?') ? rid.slice(1) : rid);

/** An absolute rule that is about this act has to deny it, where its condition, if it has one, was true of it. */
function passedOver(
  { action, object, type }: DecidedEvent,
  { rids }: ReadStage,
  { guardrails: { text, names }, truthOf = unknown }: About & { readonly guardrails: GuardView },
): string | null {
  if (action === null || object === null || type === 'access.denied') return null;
  for (const [id, rule] of Object.entries(text.absolute)) {
    if (!AGENTS_DO.has(action) || rids.includes(`${ABSOLUTE}${id}`)) continue;
    if (rule.when !== undefined && truthOf(rule.when) !== true) continue;
    if (isAbout(rule, { action, object: `${object.type}:${object.id}` }, names)) {
      return `Stage guardrail passes over absolute rule ${quote(id)}, which speaks of this act`;
    }
  }
  return null;
}

/** What agents do, which absolute rules speak of. */
const AGENTS_DO: ReadonlySet<string> = new Set(
  'run.start run.finish model.invoke tool.invoke data.read handoff delegate agent.invoke guardrail.check board.read board.write message.send message.read'.split(
    ' ',
  ),
);

const isAbout = (
  { actions, objects }: AbsoluteText,
  { action, object }: { readonly action: string; readonly object: string },
  names: GuardView['names'],
): boolean =>
  actions.some((one) => one === '*' || one === action || (one.endsWith('.*') && action.startsWith(one.slice(0, -1)))) &&
  objects.some((one) => names(one, object));

const unknown = (): null => null;

type Said = { readonly verdict: Verdict } | { readonly fault: string };

function saidBy(rid: string, event: DecidedEvent, { guardrails, obliged, truthOf = unknown }: About): Said {
  const { text, names, required } = guardrails!;
  const missing = { fault: `Stage guardrail names ${quote(rid)}, which the policy does not have` };
  const foreign = { fault: `Stage guardrail names ${quote(rid)}, which does not speak of this act` };
  const { action, object } = event;
  const about = object === null ? '' : `${object.type}:${object.id}`;
  const id = bare(rid);
  if (id.startsWith(ABSOLUTE)) {
    const rule = text.absolute[id.slice(ABSOLUTE.length)];
    if (!rule) return missing;
    if (action === null || !isAbout(rule, { action, object: about }, names)) return foreign;
    return rule.when !== undefined && truthOf(rule.when) === false
      ? { fault: `Stage guardrail names ${quote(rid)}, whose condition is not true of this act` }
      : { verdict: 'deny' };
  }
  const check = text.checks[id.slice(GUARD.length)];
  if (!check) return missing;
  const boundary = Object.hasOwn(BOUNDARY_OF, action ?? '') ? BOUNDARY_OF[action!] : undefined;
  if (boundary === undefined || !check.at.includes(boundary)) return foreign;
  // What a tier requires holds for every tool and answer.
  const everywhere = required.has(id.slice(GUARD.length));
  if (action === 'run.finish' && !check.answers && !everywhere) return foreign;
  const tools = action === 'tool.invoke' && !everywhere ? check.tools : ['*'];
  if (!tools.some((one) => (one.startsWith('class:') ? names(one, about) : covers(one, object?.id ?? ''))))
    return foreign;
  // One that failed holds content back, unless the policy lets it pass where little is at stake.
  if (rid.startsWith('?')) {
    return { verdict: check.on_error === 'open' && event.decision.reason !== 'guardrail_failed' ? 'allow' : 'deny' };
  }
  if (check.ask === undefined) return check.then === 'deny' ? { verdict: 'deny' } : foreign;
  obliged.add(check.ask);
  return { verdict: 'ask' };
}
