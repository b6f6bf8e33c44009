import { agentName, type HandoffRule, roleName } from '@writ/rules';
import { asks } from './obligations';
import type { Entry } from './entries';
import type { Snapshot } from './snapshot';
import type { Action } from './types';

/** An agent as it is published: the tools it is offered, and whom it may pass on to at all. */
export interface ReachAgent {
  readonly name: string;
  readonly tools: readonly string[];
  readonly passes: readonly Passing[];
}

export interface Passing {
  readonly to: string;
  readonly how: 'handoff' | 'question' | 'work' | 'choice';
  /** The only tools that go along, and how deep it may be passed on; null where that is not bounded. */
  readonly tools: readonly string[] | null;
  readonly depth: number | null;
}

export interface ReachAsked {
  /** Only paths to this tool. */
  readonly tool?: string | undefined;
  /** Only paths of this agent. */
  readonly from?: string | undefined;
  /** For whom: a principal's id, or a role. Without it whoever would be allowed everything. */
  readonly initiator?: string | undefined;
}

export interface ReachStep {
  readonly from: string;
  readonly to: string;
  readonly how: Passing['how'];
  readonly mode: 'attenuate' | 'service';
  readonly rules: readonly string[];
}

/** A way by which what one agent says ends in a tool's call. */
export interface ReachPath {
  readonly from: string;
  /** The agent that calls it: `from` itself where there are no steps. */
  readonly at: string;
  readonly tool: string;
  readonly steps: readonly ReachStep[];
  /** The rules that let the caller call it. */
  readonly rules: readonly string[];
  /** What must be so besides: `if own`, `unless large`, `approval`; empty for a way that is always open. */
  readonly provided: readonly string[];
  /**
   * Agents on the way that may not call it themselves: a service does for them what they could not do. The caller is then
   * their deputy, and what they say should not be believed (a confused deputy).
   */
  readonly lacking: readonly string[];
}

export interface Reach {
  /** The shortest way for each agent, caller and tool, in order of their names. */
  readonly paths: readonly ReachPath[];
  /** False when there were more ways than were followed. */
  readonly complete: boolean;
}

/** Places followed before the search gives up and says so. */
const MOST_PLACES = 50_000;

/**
 * Which agent can reach which tool, through whom, under one policy: a search over what is published and what the rules
 * could allow, not over what happened. It never misses a way that `decide` would open; conditions are taken as they could
 * turn out, and named.
 */
export function reach(snapshot: Snapshot, agents: readonly ReachAgent[], asked: ReachAsked = {}): Reach {
  return new Search(snapshot, agents, asked).run();
}

/** What rules could say to one subject's act. */
interface Right {
  readonly rules: readonly string[];
  readonly provided: readonly string[];
}

/** What rules could say to one agent passing on to another. */
interface Link extends Right {
  /** It may turn out that the receiver sheds whoever passes on. */
  readonly service: boolean;
}

/** Somebody acting, and everybody whose rights bound them. */
interface Place {
  readonly agent: string;
  /** Hops not shed, the one who acts among them. */
  readonly bound: readonly string[];
  readonly all: readonly string[];
  readonly tools: ReadonlySet<string> | null;
  readonly room: number;
  readonly steps: readonly ReachStep[];
  readonly provided: readonly string[];
}

class Search {
  readonly #agents: ReadonlyMap<string, ReachAgent>;
  readonly #rights = new Map<string, Right | null>();
  readonly #links = new Map<string, Link | null>();
  #followed = 0;

  constructor(
    private readonly snapshot: Snapshot,
    agents: readonly ReachAgent[],
    private readonly asked: ReachAsked,
  ) {
    this.#agents = new Map(agents.map((agent) => [agent.name, agent]));
  }

  run(): Reach {
    const { from } = this.asked;
    const starts = [...this.#agents.keys()].filter((name) => from === undefined || name === from).sort();
    const paths = starts.flatMap((name) => this.#from(name));
    return { paths, complete: this.#followed < MOST_PLACES };
  }

  #from(start: string): readonly ReachPath[] {
    const found = new Map<string, ReachPath>();
    const kept = new Map<string, Place[]>();
    const first = { agent: start, bound: [start], all: [start], tools: null, room: Infinity, steps: [], provided: [] };
    // Breadth first: the first way found to anything is a shortest one. The list grows while it is read.
    const places: Place[] = [first];
    for (const place of places) {
      if (this.#followed >= MOST_PLACES) break;
      this.#followed += 1;
      for (const path of this.#callsAt(start, place)) {
        const key = `${path.at} ${path.tool}`;
        if (!found.has(key)) found.set(key, path);
      }
      for (const next of this.#onFrom(place)) {
        const held = kept.get(next.agent) ?? [];
        if (held.some((one) => reachesAsFar(one, next))) continue;
        kept.set(next.agent, [...held, next]);
        places.push(next);
      }
    }
    const name = ({ at, tool }: ReachPath): string => `${tool} ${at}`;
    return [...found.values()].sort((one, other) => (name(one) < name(other) ? -1 : 1));
  }

  *#callsAt(start: string, place: Place): Generator<ReachPath> {
    const { agent, bound, all, tools, steps } = place;
    for (const tool of this.#agents.get(agent)?.tools ?? []) {
      if (this.asked.tool !== undefined && tool !== this.asked.tool) continue;
      if (tools !== null && !tools.has(tool)) continue;
      const right = this.#mayCall(agent, tool);
      const others = bound.map((name) => this.#mayCall(name, tool));
      const initiator = this.#initiatorMay('tool.invoke', `tool:${tool}`);
      if (right === null || initiator === null || others.includes(null)) continue;
      const provided = [place, initiator, ...others].flatMap((one) => one?.provided ?? []);
      const lacking = all.filter((name) => this.#mayCall(name, tool) === null);
      yield { from: start, at: agent, tool, steps, rules: right.rules, provided: [...new Set(provided)], lacking };
    }
  }

  *#onFrom(place: Place): Generator<Place> {
    const { agent, bound, all, steps } = place;
    // A handoff's depth is the agents in the chain before it.
    if (steps.length + 1 > this.snapshot.handoffDepth || place.room <= 0) return;
    for (const passing of this.#agents.get(agent)?.passes ?? []) {
      const { to, how } = passing;
      const link = this.#link(agent, to);
      const earlier = bound.filter((name) => name !== agent).map((name) => this.#heardOf(name, to));
      const initiator = this.#initiatorMay(how === 'handoff' ? 'handoff' : 'delegate', agentName(to));
      if (link === null || initiator === null || earlier.includes('forbidden')) continue;
      const service = link.service && earlier.every((one) => one === 'service');
      const step = { from: agent, to, how, mode: service ? 'service' : 'attenuate', rules: link.rules } as const;
      yield {
        agent: to,
        bound: service ? [to] : [...new Set([...bound, to])],
        all: [...new Set([...all, to])],
        tools: narrower(place.tools, passing.tools),
        room: Math.min(place.room - 1, passing.depth ?? Infinity),
        steps: [...steps, step],
        provided: [...place.provided, ...link.provided, ...initiator.provided],
      };
    }
  }

  #mayCall(agent: string, tool: string): Right | null {
    return this.#right([agentName(agent)], 'tool.invoke', `tool:${tool}`);
  }

  #initiatorMay(action: Action, object: string): Right | null {
    const { initiator } = this.asked;
    if (initiator === undefined) return FREE;
    return this.#right([initiator.includes(':') ? initiator : roleName(initiator)], action, object);
  }

  #right(names: readonly string[], action: Action, object: string): Right | null {
    const key = JSON.stringify([names, action, object]);
    const known = this.#rights.get(key);
    if (known !== undefined) return known;
    const { actions } = this.snapshot;
    const entries = actions.candidates(actions.places(action, object), names).map(({ entry }) => entry);
    const right = entries.some(({ effect, condition }) => effect === 'deny' && condition === null)
      ? null
      : rightOf(entries);
    this.#rights.set(key, right);
    return right;
  }

  #rulesBetween(from: string, to: string): readonly Entry<HandoffRule>[] {
    return this.snapshot.handoffs.candidates(agentName(from), agentName(to), null).map(({ entry }) => entry);
  }

  #link(from: string, to: string): Link | null {
    const key = JSON.stringify([from, to]);
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const entries = this.#rulesBetween(from, to);
    const right = entries.some(forbids) ? null : rightOf(entries);
    const link = right && { ...right, service: mayServe(entries) };
    this.#links.set(key, link);
    return link;
  }

  /** What an earlier agent's rules say of a handoff that somebody after it makes. */
  #heardOf(earlier: string, to: string): 'forbidden' | 'service' | 'attenuate' {
    const entries = this.#rulesBetween(earlier, to);
    if (entries.some(forbids)) return 'forbidden';
    return mayServe(entries) ? 'service' : 'attenuate';
  }
}

/** Whether whatever is open from `other` is open from `one`, which was found no later: fewer bind it, and no less is given. */
const reachesAsFar = (one: Place, other: Place): boolean =>
  one.room >= other.room &&
  one.bound.every((name) => other.bound.includes(name)) &&
  (one.tools === null || (other.tools !== null && [...other.tools].every((tool) => one.tools!.has(tool))));

const FREE: Right = { rules: [], provided: [] };

/** Whatever the purpose and whatever else is so. */
const always = ({ condition, purpose }: HandoffRule): boolean => condition === null && purpose === '*';
const forbids = (rule: HandoffRule): boolean => rule.effect === 'deny' && always(rule);

/** Whether it may turn out that every rule which allows the handoff makes it a service, and that this stands. */
function mayServe(entries: readonly Entry<HandoffRule>[]): boolean {
  if (entries.some(({ effect, condition }) => effect === 'deny' && condition === null)) return false;
  const allowing = entries.filter(({ effect }) => effect === 'allow');
  return (
    allowing.some(({ mode }) => mode === 'service') &&
    !allowing.some((rule) => rule.mode === 'attenuate' && always(rule))
  );
}

/** Null when no rule could allow it. */
function rightOf(entries: readonly Entry[]): Right | null {
  const allowing = entries.filter(({ effect }) => effect === 'allow');
  if (allowing.length === 0) return null;
  const certain = allowing.filter((rule) => narrowing(rule) === '' && !asks(rule.owed));
  const unless = entries.flatMap((rule) =>
    rule.effect === 'deny' ? [`unless ${narrowing(rule) || `rule ${rule.rid}`}`] : [],
  );
  // An obligation of any rule that holds is owed, whatever others say.
  const asking = allowing.some((rule) => narrowing(rule) === '' && asks(rule.owed));
  const open = certain.length > 0 || asking ? [] : [`if ${[...new Set(allowing.map(narrowing))].join(' or ')}`];
  const people = asking ? ['approval'] : [];
  const rules = (certain.length > 0 ? certain : allowing).map(({ rid }) => rid);
  return { rules, provided: [...open, ...people, ...unless] };
}

/** What a rule asks for beside the names it speaks of. */
function narrowing(rule: Entry): string {
  const purpose = rule.section === 'p2' && rule.purpose !== '*' ? `for ${rule.purpose}` : '';
  return [rule.condition ?? '', purpose].filter((word) => word !== '').join(' ');
}

function narrower(held: ReadonlySet<string> | null, more: readonly string[] | null): ReadonlySet<string> | null {
  if (more === null) return held;
  return new Set(held === null ? more : more.filter((tool) => held.has(tool)));
}
