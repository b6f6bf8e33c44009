import { canonicalJson, digestOf, type Json, ok, refuse, type Result } from '@writ/kernel';
import { type Closure, type CompiledCondition, covers } from '@writ/rules';
import { policyFailure } from '../bundle';
import { asks } from '../obligations';
import type { Obligation } from '../types';
import type { Boundary, GuardrailDocument, GuardrailsDocument } from './document';
import { ABSOLUTE, GUARD } from './rule-ids';
import { hasWord, WordList } from './words';

/** A guardrail made ready. */
export interface Guardrail {
  readonly id: string;
  /** `guard:<id>`: in decisions and evidence. */
  readonly rid: string;
  /** Twelve hexadecimal digits of the digest of its definition. */
  readonly version: string;
  readonly at: ReadonlySet<string>;
  readonly says: GuardrailDocument;
  readonly words: WordList | null;
  /** What lets content pass that it fired at; null where nothing does. */
  readonly owed: Obligation | null;
}

/** A denial that nothing overrides. */
export interface Absolute {
  readonly rid: string;
  readonly actions: readonly string[];
  readonly objects: readonly string[];
  readonly condition: string | null;
  readonly test: CompiledCondition | null;
}

/** Where content passes: what guardrails are chosen by. */
export interface Place {
  readonly boundary: Boundary;
  /** Agents whose content it is. */
  readonly agents: readonly string[];
  /** The tool a call goes to; null for what agents hear, and for the answer of a run. */
  readonly tool: string | null;
}

/** The `guardrails` of one policy version. */
export class GuardrailPolicy {
  constructor(
    readonly checks: readonly Guardrail[],
    readonly absolute: readonly Absolute[],
    private readonly classes: Closure,
  ) {}

  /**
   * The guardrails that content has to pass here, in the order of their ids. Those `required` hold for every agent and every
   * tool, whatever they say of themselves.
   */
  applying({ boundary, agents, tool }: Place, required: readonly string[] = []): readonly Guardrail[] {
    return this.checks.filter(({ id, at, says }) => {
      if (!at.has(boundary)) return false;
      if (required.includes(id)) return true;
      if (!says.agents.includes('*') && !this.#names(says.agents, 'agent', agents)) return false;
      if (boundary === 'input') return true;
      return tool === null ? says.answers : this.#names(says.tools, 'tool', [tool]);
    });
  }

  /** These, and then those of another policy over the same classes. */
  before(others: GuardrailPolicy | null): GuardrailPolicy {
    if (others === null) return this;
    const checks = [...this.checks, ...others.checks];
    return new GuardrailPolicy(checks, [...this.absolute, ...others.absolute], this.classes);
  }

  /** Whether an absolute rule is about such an act. */
  covers({ actions, objects }: Absolute, action: string, object: string): boolean {
    return (
      actions.some(
        (one) => one === '*' || one === action || (one.endsWith('.*') && action.startsWith(one.slice(0, -1))),
      ) && objects.some((one) => (one.startsWith('class:') ? this.classes.has(object, one) : covers(one, object)))
    );
  }

  #names(patterns: readonly string[], kind: string, names: readonly string[]): boolean {
    return patterns.some((pattern) =>
      names.some((name) =>
        pattern.startsWith('class:') ? this.classes.has(`${kind}:${name}`, pattern) : covers(pattern, name),
      ),
    );
  }
}

interface Known {
  readonly obligations: ReadonlyMap<string, Obligation>;
  readonly conditions: ReadonlyMap<string, CompiledCondition>;
  readonly classes: Closure;
  /** Whether the policy keeps account of labels. */
  readonly labels: boolean;
}

/** `prefix` stands before every id. Fails with `bad_guardrail`, `unknown_obligation`, `bad_obligation` (one that asks nobody) or `unknown_condition`. */
export function compileGuardrails(
  document: GuardrailsDocument | undefined,
  known: Known,
  prefix = '',
): Result<GuardrailPolicy | null> {
  if (document === undefined) return ok(null);
  const checks: Guardrail[] = [];
  for (const [id, says] of Object.entries(document.checks).sort(byId)) {
    const made = guardrailOf(`${prefix}${id}`, says, known);
    if (!made.ok) return made;
    checks.push(made.value);
  }
  const absolute: Absolute[] = [];
  for (const [id, { actions, objects, when = null }] of Object.entries(document.absolute).sort(byId)) {
    const test = when === null ? null : known.conditions.get(when);
    if (test === undefined) {
      return refuse(
        policyFailure('unknown_condition', `Absolute rule ${id}: the bundle defines no condition ${when}.`),
      );
    }
    if (test !== null && test.attributes.length > 0) return refuse(bad(id, 'reads attributes, which are read later'));
    const condition = when === null ? null : `${prefix}${when}`;
    absolute.push({ rid: `${ABSOLUTE}${prefix}${id}`, actions, objects, condition, test });
  }
  return ok(new GuardrailPolicy(checks, absolute, known.classes));
}

const byId = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
const bad = (id: string, what: string) => policyFailure('bad_guardrail', `Guardrail ${id} ${what}.`);

function guardrailOf(id: string, says: GuardrailDocument, known: Known): Result<Guardrail> {
  const { ask, labels, words } = says;
  const owed = ask === undefined ? null : known.obligations.get(ask);
  if (owed === undefined) {
    return refuse(policyFailure('unknown_obligation', `Guardrail ${id}: the bundle defines no obligation ${ask}.`));
  }
  if (owed !== null && !asks([owed])) {
    return refuse(policyFailure('bad_obligation', `Guardrail ${id}: obligation ${ask} asks nobody.`));
  }
  if (labels !== undefined && !known.labels) {
    return refuse(bad(id, 'looks for labels, and the bundle has no flow: nobody keeps account of them'));
  }
  const empty = words?.find((word) => !hasWord(word));
  if (empty !== undefined) return refuse(bad(id, `lists ${JSON.stringify(empty)}, which has no letter and no digit`));
  return ok(
    Object.freeze({
      id,
      rid: `${GUARD}${id}`,
      version: digestOf(canonicalJson([id, says as unknown as Json])).slice('sha256:'.length, 'sha256:'.length + 12),
      at: new Set<string>(says.at),
      says,
      words: words === undefined ? null : new WordList(words),
      owed,
    }),
  );
}
