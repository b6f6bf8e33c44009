import { type Failure, ok, refuse, type Result } from '@writ/kernel';
import type { Sliced } from '@writ/rules';
import type { PolicyBundle } from '../bundle';
import { actionProblem, VocabularyDocument } from '../outside/vocabulary';
import { inSlices } from '../slices';
import { counts, effectOf, unordered, type Verdict } from './effects';
import { partsOf } from './expression';
import type { ImportNote } from './import-note';
import { type CasbinModel, parseModel } from './model-text';
import { parsePolicy, type PolicyText } from './policy-text';
import { ImportRefusal } from './refusal';
import { RuleLines, type Types } from './rule-lines';
import { specialise } from './specialise';
import { placesOf, World } from './world';

export interface CasbinSource {
  /** Text of the `model.conf`. */
  readonly model: string;
  /** Text of the policy CSV. */
  readonly policy: string;
  /** Which domain's lines are meant; a tenant here is what Casbin calls a domain. */
  readonly domain?: string;
  /** What subjects and objects are called here: `user` and `resource` unless told otherwise. */
  readonly subjectType?: string;
  readonly resourceType?: string;
  /** Actions of the application beside those the policy names. */
  readonly actions?: readonly string[];
}

export interface CasbinImport {
  /** Its `vocabulary` declares the words of the application. */
  readonly bundle: PolicyBundle;
  readonly notes: readonly ImportNote[];
}

/**
 * Carries a plain Casbin model and policy over into rules of ours. INVARIANT: what cannot be said exactly is said so that
 * no request is allowed that Casbin denies, and is noted. Failures: `casbin_model` and `casbin_policy` for a text that
 * cannot be read, `casbin_domain` when it must be said which domain is meant, `casbin_unsupported` for what has no
 * counterpart here at all.
 */
export const importCasbin = (source: CasbinSource): Promise<Result<CasbinImport>> => inSlices(importSteps(source));

function* importSteps(source: CasbinSource): Sliced<Result<CasbinImport>> {
  try {
    const model = parseModel(source.model);
    return ok(yield* new Importer(source, model, parsePolicy(source.policy, model)).import());
  } catch (error) {
    if (error instanceof ImportRefusal) return refuse(failureOf(error));
    throw error;
  }
}

const failureOf = ({ code, message, next }: ImportRefusal): Failure => ({
  code,
  class: 'permanent',
  message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
  ...(next === undefined ? {} : { next }),
});

/** Rules that an import may amount to; a bundle holds fewer. */
const MAX_RULES = 50_000;

/** Alternatives of a policy whose first matching line decides: each is held against all before it. */
const MAX_ORDERED = 2_000;

const tooMany = (most: number, what: string): ImportRefusal =>
  new ImportRefusal('casbin_unsupported', `the policy amounts to more than ${most} ${what}`);

class Importer {
  readonly #notes = new Map<string, ImportNote>();
  readonly #domain: string | null;
  readonly #types: Types;
  readonly #world: World;

  constructor(
    private readonly source: CasbinSource,
    private readonly model: CasbinModel,
    private readonly policy: PolicyText,
  ) {
    this.#domain = domainOf(source, model, policy);
    this.#types = { subject: source.subjectType ?? 'user', resource: source.resourceType ?? 'resource' };
    this.#world = new World(this.#types, { links: policy.links, domain: this.#domain });
  }

  *import(): Sliced<CasbinImport> {
    const { model, policy } = this;
    for (const section of model.groups.keys()) {
      const end = this.#world.endless(section);
      if (end === null) continue;
      const why = `links of ${section} lead to ${end} in a circle, or by more than 10 of them, where Casbin stops`;
      throw new ImportRefusal('casbin_unsupported', why, 'Flatten the roles.');
    }
    for (const place of model.unused)
      this.#note('left_out', 'only r, p, e and m are carried over', { number: null, text: place });
    for (const line of policy.ignored) this.#note('no_effect', 'the model has no such section', line);
    const verdicts = unordered(yield* this.#verdicts(), model.effect);
    const actions = this.#vocabulary(verdicts);
    const sections = this.#sections();
    const lines = new RuleLines(this.#world, this.#types, actions, sections, ({ line }, kind, why) =>
      this.#note(kind, why, line),
    );
    for (const verdict of verdicts) {
      lines.put(verdict);
      if (lines.size > MAX_RULES) throw tooMany(MAX_RULES, 'rules');
      yield;
    }
    for (const place of ['subject', 'object'] as const)
      for (const section of sections[place]) lines.link(place, section);
    const attributes = [...lines.attributes].map((name) => [name, ATTRIBUTE] as const);
    const bundle: PolicyBundle = {
      rules: lines.all.join('\n'),
      conditions: Object.fromEntries(lines.conditions.byId) as PolicyBundle['conditions'],
      obligations: {},
      attributes: Object.fromEntries(attributes),
      limits: { handoff_depth: 10 },
      vocabulary: { actions: [...actions], types: declaredTypes(this.#types) },
    };
    return { bundle, notes: [...this.#notes.values()] };
  }

  /** Every alternative of every line, in order. Under "no line denies" all is allowed that no line denies. */
  *#verdicts(): Sliced<readonly Verdict[]> {
    const { model, policy } = this;
    const all: Verdict[] = model.effect === 'no_deny' ? [{ line: null, effect: 'allow', covers: [], unless: [] }] : [];
    for (const line of policy.lines) {
      const effect = effectOf(line);
      if (effect === null || !counts(model.effect, effect)) {
        this.#note('no_effect', 'under the effect of the model it changes no answer', line);
        continue;
      }
      all.push(...this.#alternatives(line, effect));
      if (all.length > MAX_RULES) throw tooMany(MAX_RULES, 'rules');
      yield;
    }
    if (model.effect === 'first_match' && all.length > MAX_ORDERED) throw tooMany(MAX_ORDERED, 'lines in an order');
    // With no line at all Casbin asks the matcher once, over blanks.
    return policy.lines.length === 0 ? [...all, ...this.#alternatives(null, 'allow')] : all;
  }

  #alternatives(line: PolicyText['lines'][number] | null, effect: 'allow' | 'deny'): readonly Verdict[] {
    const { model } = this;
    const setting = { model, line, domain: this.#domain, denies: effect === 'deny', types: this.#types };
    const { any, inexact } = specialise(setting);
    for (const why of inexact) {
      this.#note(effect === 'allow' ? 'left_out' : 'stricter', why, line);
    }
    return any.map((covers) => ({ line, effect, covers, unless: [] }));
  }

  /** The words of the application: those that the policy and the caller name. */
  #vocabulary(verdicts: readonly Verdict[]): readonly string[] {
    const words = new Set(this.source.actions ?? []);
    for (const { covers, line } of verdicts) {
      for (const { place, test } of covers) {
        if (place !== 'action') continue;
        if (test.kind === 'is') words.add(test.value);
        else if (test.kind === 'member')
          for (const name of this.#world.membersOf(test.section, test.value)) words.add(name);
        else if (test.kind === 'prefix' || test.kind === 'glob') {
          if (test.word) words.add(test.word);
          this.#note('noted', OPEN_ACTIONS, line);
        }
      }
    }
    if (words.size === 0) words.add('access');
    return [...words].filter((word) => {
      const problem = word.length > 64 ? 'is longer than 64 characters' : actionProblem(word);
      if (problem) this.#note('left_out', `the action ${problem}`, { number: null, text: word });
      return problem === null;
    });
  }

  #sections(): { readonly subject: readonly string[]; readonly object: readonly string[] } {
    const places = [...placesOf(this.model)];
    const at = (place: string): readonly string[] => places.flatMap(([name, set]) => (set.has(place) ? [name] : []));
    return { subject: at('subject'), object: at('object') };
  }

  /** About a line; without one, about the matcher. */
  #note(
    kind: ImportNote['kind'],
    why: string,
    at: { readonly number: number | null; readonly text: string } | null,
  ): void {
    const { number: line, text } = at ?? { number: null, text: 'm' };
    const key = `${line ?? text} ${kind} ${why}`;
    if (!this.#notes.has(key)) this.#notes.set(key, { line, kind, text, why });
  }
}

/** Types that the vocabulary has to declare: principals of ours are known anyway. */
function declaredTypes({ subject, resource }: Types): string[] {
  const types = [...new Set([resource, subject])].filter((type) => type !== 'user' && type !== 'service');
  const parsed = VocabularyDocument.safeParse({ types });
  if (parsed.success) return types;
  const why = parsed.error.issues[0]?.message ?? 'it is none';
  throw new ImportRefusal('casbin_unsupported', `${types.join(' or ')} cannot be a type: ${why}`);
}

const OPEN_ACTIONS = 'it covers more actions than are named; an action that nobody declares is denied here';
const ATTRIBUTE = { type: 'any', max_age_ms: 0 } as const;

/** The domain that is imported; null where the model knows none. */
function domainOf(source: CasbinSource, model: CasbinModel, policy: PolicyText): string | null {
  if (![...model.request.values()].includes('domain')) {
    if (source.domain === undefined) return null;
    throw new ImportRefusal('casbin_domain', 'the model has no domain, but one was asked for');
  }
  if (source.domain !== undefined) return source.domain;
  const domains = domainsOf(model, policy);
  if (domains.length === 1) return domains[0]!;
  throw new ImportRefusal(
    'casbin_domain',
    `the policy speaks of ${domains.length === 0 ? 'no domain' : `the domains ${domains.slice(0, 20).join(', ')}`}`,
    'A domain becomes a tenant: say which one is meant, and import one at a time.',
  );
}

function domainsOf(model: CasbinModel, policy: PolicyText): readonly string[] {
  const [name] = [...model.request].find(([, column]) => column === 'domain')!;
  // A column of the policy that the matcher compares with the domain, by whatever name; and the domains of links.
  const columns = new Set<string>([name]);
  for (const part of partsOf(model.matcher)) {
    if (part.kind !== 'compare') continue;
    const [a, b] = [part.left, part.right];
    const sides = [a, b].filter((side) => side.kind === 'name').map((side) => side.path.join('.'));
    if (sides.includes(`r.${name}`)) for (const side of sides) if (side.startsWith('p.')) columns.add(side.slice(2));
  }
  const domains = new Set<string>();
  for (const { values } of policy.lines) {
    for (const column of columns) if (values.has(column)) domains.add(values.get(column)!);
  }
  for (const links of policy.links.values()) for (const { domain } of links) if (domain !== null) domains.add(domain);
  return [...domains].sort();
}
