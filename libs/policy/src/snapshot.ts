import { canonicalJson, digestOf, type Failure, type Json, ok, refuse, type Result } from '@writ/kernel';
import {
  ActionIndex,
  type ActionRule,
  type AttributeSpec,
  type Closure,
  closeOver,
  compileCondition,
  compileOutside,
  type CompiledCondition,
  HandoffIndex,
  type HandoffRule,
  type Rule,
  type Sliced,
} from '@writ/rules';
import { MAX_BUNDLE_BYTES, policyFailure, type PolicyBundle, tooLarge } from './bundle';
import { canonicalRules } from './canonical';
import { Matching } from './direct/matching';
import { compileFlow, type FlowPolicy } from './flow/compile';
import { compileGuardrails, type GuardrailPolicy } from './guard/compile';
import { namedObligations } from './named-obligations';
import { withPlatform } from './platform/compile';
import { MAX_PLATFORM_BYTES } from './platform/document';
import { type LocatedRule, parseRules, placeText, type RuleText } from './rule-text';
import { inSlices } from './slices';
import { compileTiers, type TierPolicy } from './tiers/compile';
import type { Obligation } from './types';
import { spoken, type SpokenVocabulary } from './outside/vocabulary';

/** A rule made ready: its condition compiled, its obligations resolved. */
export type Entry<R extends Rule = Rule> = R & {
  readonly test: CompiledCondition | null;
  readonly owed: readonly Obligation[];
};

interface Parts {
  /** `sha256:…` of `body`: the policy's version. */
  readonly digest: string;
  /** Canonical JSON of the bundle; parsing and building it gives this snapshot again. */
  readonly body: string;
  readonly ruleCount: number;
  readonly roles: Closure;
  readonly classes: Closure;
  readonly actions: ActionIndex<Entry<ActionRule>>;
  readonly handoffs: HandoffIndex<Entry<HandoffRule>>;
  readonly attributes: ReadonlyMap<string, AttributeSpec>;
  readonly handoffDepth: number;
  /** Words of applications outside; null where the bundle has none. */
  readonly vocabulary: SpokenVocabulary | null;
  /** How its rules are matched: all of a snapshot that may change, and no answer changes with it. */
  readonly matching: Matching;
  /** Null where the policy keeps no account of labels. */
  readonly flow: FlowPolicy | null;
  /** Null where the policy has none. */
  readonly guardrails: GuardrailPolicy | null;
  /** Null where nothing follows from the risk of what runs. */
  readonly tiers: TierPolicy | null;
}

/**
 * One policy version in memory. INVARIANT: immutable, and all of it is built before any of it is used; a change is
 * another snapshot, put in place by one reference. Tenants with the same policy share one.
 */
export type Snapshot = Readonly<Parts>;

/**
 * Builds a snapshot aside, in slices of a few milliseconds. Fails with a code, and the place where there is one; what is
 * in force then stays in force. Codes: those of `parseRules`, `closeOver` and `compileCondition`, `bundle_too_large`,
 * `unknown_condition`, `unknown_obligation`, `unknown_obligation_type`, `bad_obligation`, `bad_flow`, `bad_guardrail`,
 * `bad_tiers`, `unknown_guardrail`.
 */
export const buildSnapshot = (bundle: PolicyBundle): Promise<Result<Snapshot>> => inSlices(snapshotSteps(bundle));

export function* snapshotSteps(bundle: PolicyBundle): Sliced<Result<Snapshot>> {
  const rest = canonicalJson({ ...bundle, rules: '' });
  const most = MAX_BUNDLE_BYTES + (bundle.platform === undefined ? 0 : MAX_PLATFORM_BYTES);
  if (Buffer.byteLength(bundle.rules) + Buffer.byteLength(rest) > most) return refuse(tooLarge());
  const parsed = yield* parseRules(bundle.rules, bundle.vocabulary);
  if (!parsed.ok) return parsed;
  const roles = yield* closeOver(parsed.value.roles);
  if (!roles.ok) return roles;
  const classes = yield* closeOver(parsed.value.classes);
  if (!classes.ok) return classes;
  const attributes = declared(bundle);
  const conditions = yield* compileAll(bundle, attributes);
  if (!conditions.ok) return conditions;
  const obligations = namedObligations(bundle.obligations, { flow: bundle.flow !== undefined });
  if (!obligations.ok) return obligations;
  const flow = compileFlow(bundle.flow, { obligations: obligations.value, classes: classes.value });
  if (!flow.ok) return flow;
  const known = { conditions: conditions.value, obligations: obligations.value };
  const guarded = { ...known, classes: classes.value, labels: flow.value !== null };
  const own = compileGuardrails(bundle.guardrails, guarded);
  if (!own.ok) return own;
  const guardrails = withPlatform(own.value, bundle.platform, classes.value);
  if (!guardrails.ok) return guardrails;
  const checks = new Set(Object.keys(bundle.guardrails?.checks ?? {}));
  const tiers = compileTiers(bundle.tiers, {
    obligations: obligations.value,
    classes: classes.value,
    guardrails: checks,
  });
  if (!tiers.ok) return tiers;
  const entries = yield* makeEntries(parsed.value, known);
  if (!entries.ok) return entries;
  const rules = yield* canonicalRules(parsed.value);
  const body = canonicalJson({ ...bundle, rules });
  // What is stored is this text; it must come back through the same limit.
  if (Buffer.byteLength(body) > most) return refuse(tooLarge());
  const snapshot: Snapshot = {
    // What every decision reads stands first: it is then in one line of the processor's cache.
    digest: digestOf(body),
    actions: yield* ActionIndex.build(entries.value.actions, { roles: roles.value, classes: classes.value }),
    matching: new Matching(body),
    flow: flow.value,
    guardrails: guardrails.value,
    tiers: tiers.value,
    handoffs: yield* HandoffIndex.build(entries.value.handoffs, roles.value),
    roles: roles.value,
    classes: classes.value,
    vocabulary: bundle.vocabulary === undefined ? null : spoken(bundle.vocabulary),
    handoffDepth: bundle.limits.handoff_depth,
    attributes,
    body,
    ruleCount: parsed.value.rules.length,
  };
  return ok(Object.freeze(snapshot));
}

function declared(bundle: PolicyBundle): ReadonlyMap<string, AttributeSpec> {
  const specs = Object.entries(bundle.attributes).map(
    ([name, spec]) => [name, Object.freeze({ type: spec.type, maxAgeMs: spec.max_age_ms })] as const,
  );
  return new Map(specs);
}

/** What conditions may read: declared attributes, and whether there are applications outside to bring more. */
interface Readable {
  readonly attributes: ReadonlyMap<string, AttributeSpec>;
  readonly outside: boolean;
}

type Compiled = ReadonlyMap<string, CompiledCondition>;

/** Conditions held for other bundles that write the same; beyond that all are let go, which costs only time. */
const MOST_SHARED = 2_048;
const shared = new Map<string, CompiledCondition>();

/**
 * A condition depends on nothing but its text and the attributes declared, and tenants tend to write the same few
 * ("owner equals initiator"): one of each is held, so that the one asked is already in the processor's cache.
 */
function compileShared(id: string, expression: Json, known: Readable) {
  const { attributes, outside } = known;
  const key = canonicalJson([id, expression, [...attributes], outside]);
  const held = shared.get(key);
  if (held) return ok(held);
  const compiled = (outside ? compileOutside : compileCondition)(id, expression, attributes);
  if (!compiled.ok) return compiled;
  if (shared.size >= MOST_SHARED) shared.clear();
  shared.set(key, compiled.value);
  return compiled;
}

function* compileAll(bundle: PolicyBundle, attributes: Readable['attributes']): Sliced<Result<Compiled>> {
  const readable = { attributes, outside: bundle.vocabulary !== undefined };
  const conditions = new Map<string, CompiledCondition>();
  for (const [id, expression] of Object.entries(bundle.conditions)) {
    const compiled = compileShared(id, expression, readable);
    if (!compiled.ok) return compiled;
    conditions.set(id, compiled.value);
    yield;
  }
  return ok(conditions);
}

interface Entries {
  readonly actions: readonly Entry<ActionRule>[];
  readonly handoffs: readonly Entry<HandoffRule>[];
}

/** Rules made ready between two places where the work may pause. */
const STRIDE = 16;

function* makeEntries(
  text: RuleText,
  known: { readonly conditions: Compiled; readonly obligations: ReadonlyMap<string, Obligation> },
): Sliced<Result<Entries>> {
  let steps = 0;
  const entries = { actions: [] as Entry<ActionRule>[], handoffs: [] as Entry<HandoffRule>[] };
  for (const located of text.rules) {
    const { rule } = located;
    const test = rule.condition === null ? null : (known.conditions.get(rule.condition) ?? undefined);
    if (test === undefined) return refuse(unknownName('condition', rule.condition ?? '', located));
    const owed = obligationsOf(located, known.obligations);
    if (!owed.ok) return owed;
    const ready = { test, owed: owed.value };
    // What the reader put last stays last.
    if (rule.section === 'p') entries.actions.push(Object.freeze({ ...ready, ...rule }));
    else entries.handoffs.push(Object.freeze({ ...ready, ...rule }));
    if (++steps % STRIDE === 0) yield;
  }
  return ok(entries);
}

const NO_OBLIGATION: readonly Obligation[] = Object.freeze([]);

function obligationsOf(located: LocatedRule, known: ReadonlyMap<string, Obligation>): Result<readonly Obligation[]> {
  const ids = located.rule.obligations;
  if (ids.length === 0) return ok(NO_OBLIGATION);
  const found: Obligation[] = [];
  for (const id of ids) {
    const obligation = known.get(id);
    if (!obligation) return refuse(unknownName('obligation', id, located));
    found.push(obligation);
  }
  return ok(Object.freeze(found));
}

function unknownName(what: 'condition' | 'obligation', id: string, located: LocatedRule): Failure {
  const place = placeText(located.place);
  const message = `${place}: the bundle defines no ${what} ${id}.`;
  return { ...policyFailure(`unknown_${what}`, message), details: { place } };
}
