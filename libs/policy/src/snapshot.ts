import { canonicalJson, digestOf, type Json, ok, refuse, type Result } from '@writ/kernel';
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
  layOut,
  type Layout,
  type Sliced,
} from '@writ/rules';
import { MAX_BUNDLE_BYTES, type PolicyBundle, tooLarge } from './bundle';
import { aroundRules, canonicalBody } from './canonical';
import { type Entry, makeEntries } from './entries';
import { Matching } from './direct/matching';
import { compileFlow, type FlowPolicy } from './flow/compile';
import { compileGuardrails, type GuardrailPolicy } from './guard/compile';
import { namedObligations } from './named-obligations';
import { withPlatform } from './platform/compile';
import { MAX_PLATFORM_BYTES } from './platform/document';
import { parseRules } from './rule-text';
import { inSlices } from './slices';
import { compileTiers, type TierPolicy } from './tiers/compile';
import { spoken, type SpokenVocabulary } from './outside/vocabulary';

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
  const around = aroundRules(bundle);
  const most = MAX_BUNDLE_BYTES + (bundle.platform === undefined ? 0 : MAX_PLATFORM_BYTES);
  const [ruled, rest] = [Buffer.byteLength(bundle.rules), Buffer.byteLength(around.join('""'))];
  if (ruled + rest > most) return refuse(tooLarge(`its rules have ${ruled}, and all else ${rest}`, most));
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
  const body = yield* canonicalBody(parsed.value, around);
  yield;
  // What is stored is this text; it must come back through the same limit.
  const stored = Buffer.byteLength(body);
  if (stored > most) {
    const sent = `sent it has ${ruled + rest}, and stored, with the id of each rule written out, ${stored}`;
    return refuse(tooLarge(sent, most));
  }
  yield;
  const digest = digestOf(body);
  yield;
  const closures = { roles: roles.value, classes: classes.value };
  const layout = yield* layOut(entries.value.actions, closures);
  const handoffs = yield* HandoffIndex.build(entries.value.handoffs, roles.value);
  const snapshot = new BuiltSnapshot(layout, {
    ...closures,
    digest,
    matching: new Matching(body),
    flow: flow.value,
    guardrails: guardrails.value,
    tiers: tiers.value,
    handoffs,
    vocabulary: bundle.vocabulary === undefined ? null : spoken(bundle.vocabulary),
    handoffDepth: bundle.limits.handoff_depth,
    attributes,
    body,
    ruleCount: parsed.value.rules.length,
  });
  return ok(snapshot);
}

/** A snapshot is its own index of action rules: what every decision reads of the two is in one place. */
class BuiltSnapshot extends ActionIndex<Entry<ActionRule>> implements Parts {
  // What every decision reads stands first: it is then in one line of the processor's cache, or two.
  readonly digest: string;
  readonly matching: Matching;
  readonly flow: FlowPolicy | null;
  readonly guardrails: GuardrailPolicy | null;
  readonly tiers: TierPolicy | null;
  readonly handoffs: HandoffIndex<Entry<HandoffRule>>;
  readonly roles: Closure;
  readonly classes: Closure;
  readonly vocabulary: SpokenVocabulary | null;
  readonly handoffDepth: number;
  readonly attributes: ReadonlyMap<string, AttributeSpec>;
  readonly ruleCount: number;

  constructor(layout: Layout<Entry<ActionRule>>, parts: Omit<Parts, 'actions'>) {
    super(layout, parts.body);
    this.digest = parts.digest;
    this.matching = parts.matching;
    this.flow = parts.flow;
    this.guardrails = parts.guardrails;
    this.tiers = parts.tiers;
    this.handoffs = parts.handoffs;
    this.roles = parts.roles;
    this.classes = parts.classes;
    this.vocabulary = parts.vocabulary;
    this.handoffDepth = parts.handoffDepth;
    this.attributes = parts.attributes;
    this.ruleCount = parts.ruleCount;
    Object.freeze(this);
  }

  get actions(): ActionIndex<Entry<ActionRule>> {
    return this;
  }

  get body(): string {
    return this.text;
  }
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
