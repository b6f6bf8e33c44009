import { ok, refuse, type Result } from '@writ/kernel';
import { type Closure, covers } from '@writ/rules';
import { policyFailure } from '../bundle';
import { APPROVAL } from '../approvals/terms';
import { asks } from '../obligations';
import type { Obligation } from '../types';
import { type FlowDocument, type Sink, SINKS, type ToolFlow } from './document';
import type { DefinedTool, FlowSource } from './facts';
import { FLOW_RULE, TRIFECTA } from './rule-ids';

/** A flow rule made ready. */
export interface FlowRule {
  /** `flow:<id>`: the rule in decisions and evidence. */
  readonly rid: string;
  readonly sinks: ReadonlySet<string>;
  readonly tools: readonly string[];
  readonly after: readonly string[];
  readonly known: boolean;
  readonly clean: readonly string[];
  /** What lets it happen all the same; null where nothing does. */
  readonly owed: Obligation | null;
}

export interface Trifecta {
  readonly rid: string;
  readonly private: readonly string[];
  readonly untrusted: readonly string[];
  readonly owed: Obligation | null;
}

/** What a handoff as a service may carry. */
export interface ServiceTerms {
  /** Only what fits the schema that the receiver publishes. */
  readonly shaped: boolean;
  readonly tainted: readonly string[];
  readonly owed: Obligation | null;
}

/** What is owed where a policy that keeps account of labels does not speak of services: whoever may decide is asked. */
const UNSPOKEN: ServiceTerms = Object.freeze({
  shaped: false,
  tainted: Object.freeze(['untrusted']),
  owed: Object.freeze({ id: 'tainted_service', type: APPROVAL, values: Object.freeze({}) }),
});

/** A tool as the flow stage sees it. */
export interface ToolFacts {
  readonly sink: Sink;
  readonly labels: readonly string[];
  readonly to: readonly string[];
  readonly vouches: readonly string[];
  readonly independent: boolean;
}

/** The `flow` of one policy version. */
export class FlowPolicy {
  readonly entries: FlowDocument['entries'];
  /** What it says of each tool it was asked about: tools are few, and asked about at every call. */
  readonly #said = new Map<string, Said>();

  constructor(
    private readonly document: FlowDocument,
    readonly rules: readonly FlowRule[],
    readonly trifecta: Trifecta | null,
    readonly service: ServiceTerms,
    private readonly classes: Closure,
  ) {
    this.entries = document.entries;
  }

  /** What this policy and the tool's own definition say of it together. */
  toolFacts(tool: string, defined: DefinedTool | null): ToolFacts {
    const said = this.#saidOf(tool);
    const own = defined?.flow;
    return {
      sink: said.sink ?? own?.sink ?? (defined?.effect === 'read' ? 'read' : 'egress'),
      labels: joined(said.labels, own?.labels),
      to: joined(said.to, own?.to),
      vouches: joined(said.vouches, own?.vouches),
      independent: said.independent ?? own?.independent ?? false,
    };
  }

  #saidOf(tool: string): Said {
    const held = this.#said.get(tool);
    if (held) return held;
    const of = Object.entries(this.document.tools).flatMap(([pattern, flow]) =>
      this.names(pattern, tool) ? [flow] : [],
    );
    const said: Said = {
      sink: strictest(of.flatMap(({ sink }) => (sink === undefined ? [] : [sink]))),
      labels: union(of, 'labels'),
      to: union(of, 'to'),
      vouches: union(of, 'vouches'),
      // Where two entries differ, the one that lets less pass.
      independent: of.some(({ independent }) => independent === false)
        ? false
        : of.find(({ independent }) => independent)?.independent,
    };
    if (this.#said.size >= MOST_SAID) this.#said.clear();
    this.#said.set(tool, said);
    return said;
  }

  /** Labels that these carry because of how they entered. */
  entryLabels(sources: readonly FlowSource[]): readonly string[] {
    return sources.flatMap(({ from }) => this.entryOf(from));
  }

  /** Labels of what enters so, other than by a tool; what the workflow's definition says carries none. */
  entryOf(from: FlowSource['from']): readonly string[] {
    return from === 'tool' || from === 'workflow' ? NO_LABELS : this.entries[from];
  }

  /** Whether a pattern of this policy names a tool. */
  names(pattern: string, tool: string): boolean {
    return pattern.startsWith('class:') ? this.classes.has(`tool:${tool}`, pattern) : covers(pattern, tool);
  }
}

interface Said extends Omit<ToolFacts, 'sink' | 'independent'> {
  readonly sink: Sink | undefined;
  readonly independent: boolean | undefined;
}

const MOST_SAID = 2_048;
const NO_LABELS: readonly string[] = Object.freeze([]);

const joined = (said: readonly string[], own: readonly string[] = []): readonly string[] =>
  own.length === 0 ? said : said.length === 0 ? own : [...new Set([...said, ...own])];

const strictest = (sinks: readonly Sink[]): Sink | undefined =>
  sinks.toSorted((a, b) => SINKS.indexOf(b) - SINKS.indexOf(a))[0];

const union = (of: readonly ToolFlow[], member: 'labels' | 'to' | 'vouches'): readonly string[] => [
  ...new Set(of.flatMap((one) => one[member] ?? [])),
];

/** Fails with `unknown_obligation`, `bad_obligation` (one that asks nobody) or `bad_flow`. */
export function compileFlow(
  document: FlowDocument | undefined,
  known: { readonly obligations: ReadonlyMap<string, Obligation>; readonly classes: Closure },
): Result<FlowPolicy | null> {
  if (document === undefined) return ok(null);
  const rules: FlowRule[] = [];
  for (const [id, rule] of Object.entries(document.rules)) {
    if (id === 'trifecta') return refuse(policyFailure('bad_flow', 'A flow rule cannot be called trifecta.'));
    const owed = owedBy(id, rule.ask, known.obligations);
    if (!owed.ok) return owed;
    rules.push({
      rid: `${FLOW_RULE}${id}`,
      sinks: new Set(rule.sinks),
      tools: rule.tools,
      after: rule.after,
      known: rule.destination === 'known',
      clean: rule.clean,
      owed: owed.value,
    });
  }
  const { trifecta } = document;
  const owed = owedBy('trifecta', trifecta?.ask, known.obligations);
  if (!owed.ok) return owed;
  const third = trifecta
    ? { rid: TRIFECTA, private: trifecta.private, untrusted: trifecta.untrusted, owed: owed.value }
    : null;
  const { service } = document;
  const answer = owedBy('service', service?.ask, known.obligations);
  if (!answer.ok) return answer;
  const served = service
    ? { shaped: service.payload === 'schema', tainted: service.tainted, owed: answer.value }
    : UNSPOKEN;
  return ok(new FlowPolicy(document, rules, third, served, known.classes));
}

function owedBy(
  rule: string,
  id: string | undefined,
  obligations: ReadonlyMap<string, Obligation>,
): Result<Obligation | null> {
  if (id === undefined) return ok(null);
  const found = obligations.get(id);
  if (!found) {
    return refuse(policyFailure('unknown_obligation', `Flow rule ${rule}: the bundle defines no obligation ${id}.`));
  }
  if (asks([found])) return ok(found);
  return refuse(policyFailure('bad_obligation', `Flow rule ${rule}: obligation ${id} asks nobody.`));
}
