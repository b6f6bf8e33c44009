import type { Json, JsonObject } from '@writ/kernel';
import { follow, parsePointer, Unread } from '@writ/rules';
import type { DecisionRequest, NearMiss, Obligation, RuleMatch } from '../types';
import type { FlowPolicy, FlowRule, ToolFacts, Trifecta } from './compile';
import { ceilingOf } from './ceiling';
import { enteredIn, factsOf } from './entered';
import type { FlowFacts, FlowRecord } from './facts';
import { type Entered, type Origin, originText, UNTRUSTED } from './provenance';
import { BEYOND_LABELS } from './rule-ids';
import { leavesOf } from './values';

export interface FlowHearing {
  /** Whom or what the values go to: the sink of a call, or who would hear them. */
  readonly subject: string;
  readonly matches: readonly RuleMatch[];
  readonly obligations: readonly Obligation[];
  readonly denied: boolean;
  readonly misses: readonly NearMiss[];
  /** Of a call. */
  readonly record?: FlowRecord;
}

/** Asks the flow rules about one tool call. Every rule is heard; the first that denies does not silence the others. */
export function hearFlow(flow: FlowPolicy, request: DecisionRequest): FlowHearing {
  const facts = factsOf(request);
  const tool = flow.toolFacts(request.object.id, facts.tool(request.object.id));
  const ceiling = ceilingOf(request.chain);
  const entered = enteredIn(flow, facts, ceiling);
  const args = request.args ?? {};
  const call = new Call(args, tool, entered);
  const matches: RuleMatch[] = [];
  const misses: NearMiss[] = [];
  const owed = new Map<string, Obligation>();
  let denied = false;
  const speak = (rid: string, by: Obligation | null, unmet: Unmet): void => {
    matches.push({ rid, effect: by === null ? 'deny' : 'allow', condition: null, read: unmet.read });
    if (by === null) denied = true;
    else owed.set(by.id, by);
    misses.push({ rid, stage: 'flow', subject: '', missing: unmet.missing });
  };
  for (const rule of flow.rules) {
    if (!speaksOf(rule, { flow, request, tool, entered })) continue;
    const unmet = call.unmet(rule);
    if (unmet !== null) speak(rule.rid, rule.owed, unmet);
  }
  const record = recordOf(call, { flow, facts, tool, entered });
  const third = flow.trifecta === null ? null : thirdOf(flow.trifecta, { facts, tool, entered, record });
  if (flow.trifecta !== null && third !== null) speak(flow.trifecta.rid, flow.trifecta.owed, third);
  // What it brings is heard by whoever calls, who is to hear nothing else.
  const beyond = ceiling === null ? [] : tool.labels.filter((label) => !ceiling.has(label));
  if (beyond.length > 0) {
    const missing = `its answer is ${beyond.join(', ')}, which the delegation is not for`;
    speak(BEYOND_LABELS, null, { read: { answer: beyond.join(' ') }, missing });
  }
  const obligations = [...owed.values()];
  return { subject: tool.sink, matches, obligations, denied, misses: misses.slice(0, MOST_MISSES), record };
}

/** Told of one refusal. */
export const MOST_MISSES = 3;
/** Values named in one refusal: an explanation must not grow with the arguments. */
export const MOST_NAMED = 8;

function speaksOf(
  { sinks, tools, after }: FlowRule,
  about: {
    readonly flow: FlowPolicy;
    readonly request: DecisionRequest;
    readonly tool: ToolFacts;
    readonly entered: Entered;
  },
): boolean {
  const { flow, request, tool, entered } = about;
  if (!sinks.has(tool.sink)) return false;
  if (after.length > 0 && !after.some((label) => entered.labels.has(label))) return false;
  return tools.some((pattern) => flow.names(pattern, request.object.id));
}

interface Unmet {
  /** Where the values came from, by their place in the arguments; never the values. */
  readonly read: RuleMatch['read'];
  readonly missing: string;
}

/** The arguments of one call, each value traced at most once. */
class Call {
  readonly #origins = new Map<string, Origin>();

  constructor(
    private readonly args: JsonObject,
    private readonly tool: ToolFacts,
    private readonly entered: Entered,
  ) {}

  /** What of a rule's demands is not met; null when all are. A rule that demands nothing is never met. */
  unmet(rule: FlowRule): Unmet | null {
    if (!rule.known && rule.clean.length === 0) {
      return {
        read: { sink: this.tool.sink },
        missing: `it is a call to ${this.tool.sink === 'egress' ? 'the outside' : 'write'}`,
      };
    }
    const read: Record<string, Json> = {};
    const missing: string[] = [];
    const note = (at: string, origin: Origin, want: string): void => {
      if (Object.hasOwn(read, at) || missing.length >= MOST_NAMED) return;
      read[at] = originText(origin);
      missing.push(`${at} came from ${originText(origin)}, ${want}`);
    };
    if (rule.known) {
      for (const [at, origin] of this.#destinations()) {
        if (origin.from !== 'model' && !origin.labels.includes(UNTRUSTED)) continue;
        note(at, origin, 'not from the initiator or a trusted tool');
      }
    }
    if (rule.clean.length > 0) {
      for (const [at, origin] of this.#all()) {
        const bad = origin.labels.filter((label) => rule.clean.includes(label));
        if (bad.length > 0) note(at, origin, `and may not be ${bad.join(', ')}`);
      }
    }
    return missing.length === 0 ? null : { read, missing: missing.join('; ') };
  }

  /** Labels of everything that is passed. */
  labels(): readonly string[] {
    const found = new Set<string>();
    for (const [, origin] of this.#all()) for (const label of origin.labels) found.add(label);
    return [...found];
  }

  *#destinations(): Generator<readonly [at: string, origin: Origin]> {
    for (const pointer of this.tool.to) {
      const value = follow(this.args, parsePointer(pointer) ?? [], pointer);
      if (value instanceof Unread) continue;
      for (const leaf of leavesOf(value, true)) yield [pointer, this.#origin(leaf)];
    }
  }

  *#all(): Generator<readonly [at: string, origin: Origin]> {
    for (const [name, value] of Object.entries(this.args)) {
      for (const leaf of leavesOf(value)) if (leaf !== '') yield [`/${name}`, this.#origin(leaf)];
    }
  }

  #origin(value: string | number): Origin {
    const key = String(value);
    let origin = this.#origins.get(key);
    if (!origin) this.#origins.set(key, (origin = this.entered.originOf(value)));
    return origin;
  }
}

interface About {
  readonly facts: FlowFacts;
  readonly tool: ToolFacts;
  readonly entered: Entered;
}

function recordOf(call: Call, { flow, facts, tool, entered }: About & { readonly flow: FlowPolicy }): FlowRecord {
  const passed = tool.independent || entered.labels.size === 0 ? [] : call.labels();
  const brings = [...new Set([...tool.labels, ...passed])].sort();
  const held = [...entered.labels].sort();
  return { sink: tool.sink, held, brings, bits: bitsOf(flow.trifecta, { tool, held, brings, left: facts.left }) };
}

function bitsOf(
  trifecta: Trifecta | null,
  {
    tool,
    held,
    brings,
    left,
  }: { readonly tool: ToolFacts; readonly left: boolean } & Pick<FlowRecord, 'held' | 'brings'>,
): readonly string[] {
  const { private: own, untrusted } = trifecta ?? { private: ['private', 'secret'], untrusted: [UNTRUSTED] };
  const has = (wanted: readonly string[]): boolean =>
    wanted.some((label) => held.includes(label) || brings.includes(label));
  return [
    ...(has(own) ? ['private'] : []),
    ...(has(untrusted) ? ['untrusted'] : []),
    ...(left || tool.sink === 'egress' ? ['egress'] : []),
  ];
}

/**
 * The act that brings the third of three, and every way out while the other two stand: a person who let one message go
 * has said nothing of the next.
 */
function thirdOf(trifecta: Trifecta, { facts, tool, record }: About & { readonly record: FlowRecord }): Unmet | null {
  if (record.bits.length < 3) return null;
  const before = bitsOf(trifecta, {
    tool: { ...tool, sink: 'read' },
    held: record.held,
    brings: [],
    left: facts.left,
  });
  if (before.length === 3 && tool.sink !== 'egress') return null;
  const added = record.bits.filter((bit) => !before.includes(bit));
  const by = added.length === 0 ? 'goes out again' : `adds ${added.join(' and ')}`;
  return {
    read: { before: before.join(' '), adds: added.join(' ') },
    missing: `private data, untrusted content and a way out would be together in the run: this call ${by}`,
  };
}
