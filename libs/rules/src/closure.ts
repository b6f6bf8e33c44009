import { type Failure, refuse, ok, type Result } from '@writ/kernel';
import type { Link } from './rule';

/** A chain of roles longer than this is taken for a mistake. Casbin's own limit is 10, and silently denies at 11. */
export const MAX_ROLE_DEPTH = 32;

/** Memberships of one bundle in all: 12,000 links can otherwise be arranged to ask for 36 million. */
const MAX_MEMBERSHIPS = 500_000;

/** Links handled between two places where the work may pause. */
const STRIDE = 256;

/** Work done so far may pause at every `yield`; the caller decides how long one slice is. */
export type Sliced<T> = Generator<void, T, void>;

/**
 * Everything a name belongs to, directly or through other groups, computed once: asking is a set look-up, whatever the
 * depth. (Casbin's role manager walks the graph at each question, and doubles its work at each diamond.)
 */
export class Closure {
  readonly #above: ReadonlyMap<string, readonly string[]>;

  /** `above`: each member → every group above it. Lists may be shared. */
  constructor(above: ReadonlyMap<string, readonly string[]>) {
    this.#above = above;
    Object.freeze(this);
  }

  /** True for a name and itself, as in Casbin. */
  has(member: string, group: string): boolean {
    // A list, not a set: nearly everybody has a handful of roles, and one look-up touches less memory than two.
    return member === group || (this.#above.get(member)?.includes(group) ?? false);
  }

  /** Every group above `member`; none for a name that is in no group. */
  above(member: string): readonly string[] {
    return this.#above.get(member) ?? NONE;
  }

  /** Everybody who is in a group. */
  members(): readonly string[] {
    return [...this.#above.keys()];
  }

  /** `member` and every group above it, itself first. */
  names(member: string): readonly string[] {
    const above = this.#above.get(member);
    return above === undefined ? [member] : [member, ...above];
  }
}

const NONE: readonly never[] = Object.freeze([]);

interface Frame {
  readonly name: string;
  readonly groups: readonly string[];
  next: number;
}

/** Refuses `role_cycle` and `role_depth`, naming the names. Iterative: a hostile graph cannot exhaust the stack. */
export function* closeOver(links: readonly Link[]): Sliced<Result<Closure>> {
  const direct = new Map<string, string[]>();
  let steps = 0;
  for (let i = 0; i < links.length; i++) {
    const { member, group } = links[i]!;
    const groups = direct.get(member);
    if (groups) groups.push(group);
    else direct.set(member, [group]);
    if (++steps % STRIDE === 0) yield;
  }
  const closing = new Closing();
  let memberships = 0;
  const members = [...direct.keys()];
  for (let i = 0; i < members.length; i++) {
    const start = members[i]!;
    if (closing.above.has(start)) continue;
    const groups = direct.get(start)!;
    if (groups.length === 1 && !direct.has(groups[0]!)) {
      // Nothing to walk, as for nearly everybody.
      closing.settleFlat(start, groups[0]!);
      memberships += 2;
      if (memberships > MAX_MEMBERSHIPS) return refuse(TOO_MANY);
      if (++steps % STRIDE === 0) yield;
      continue;
    }
    const path: Frame[] = [{ name: start, groups, next: 0 }];
    while (path.length > 0) {
      const frame = path[path.length - 1]!;
      const group = frame.groups[frame.next++];
      if (group === undefined) {
        const failure = closing.settle(frame);
        if (failure) return refuse(failure);
        memberships += closing.above.get(frame.name)!.length + 1;
        if (memberships > MAX_MEMBERSHIPS) return refuse(TOO_MANY);
        path.pop();
        if (++steps % STRIDE === 0) yield;
      } else if (!closing.above.has(group) && direct.has(group)) {
        if (path.some((open) => open.name === group)) {
          return refuse(cycle([...path.map((open) => open.name), group]));
        }
        path.push({ name: group, groups: direct.get(group) ?? [], next: 0 });
        // Deeper than any chain may be: refused before the path itself becomes long.
        if (path.length > MAX_ROLE_DEPTH + 1) return refuse(tooDeep(start));
      }
    }
  }
  return ok(new Closure(closing.above));
}

/** What is known so far of a graph that is walked from its members up. */
class Closing {
  /** Of each member whose groups are all known: every group above it. */
  readonly above = new Map<string, readonly string[]>();
  /** Groups above one another, over a name that has two of them or more. */
  readonly #heights = new Map<string, number>();
  /** A group with every group above it: one list for all who are in that group alone. */
  readonly #lists = new Map<string, readonly string[]>();

  /** A member of one group that is in none itself. */
  settleFlat(name: string, group: string): void {
    this.above.set(name, this.#listOf(group));
  }

  settle({ name, groups }: Frame): Failure | null {
    let tallest = 0;
    for (const group of groups) tallest = Math.max(tallest, this.#heightOf(group) + 1);
    if (tallest > MAX_ROLE_DEPTH) return tooDeep(name);
    if (tallest > 1) this.#heights.set(name, tallest);
    this.above.set(name, this.#union(groups));
    return null;
  }

  #heightOf(name: string): number {
    return this.#heights.get(name) ?? (this.above.has(name) ? 1 : 0);
  }

  /** The groups and all above them, each once. Nearly everybody is in one group or two, where a set costs more. */
  #union(groups: readonly string[]): readonly string[] {
    const [only] = groups;
    if (only !== undefined && groups.length === 1) return this.#listOf(only);
    // Cut to size: what is grown has room to grow on, for as long as the policy is held.
    return [...new Set(groups.flatMap((group) => this.#listOf(group)))].slice();
  }

  #listOf(group: string): readonly string[] {
    const held = this.#lists.get(group);
    if (held !== undefined) return held;
    const list = Object.freeze([group].concat(this.above.get(group) ?? NONE));
    this.#lists.set(group, list);
    return list;
  }
}

const tooDeep = (name: string): Failure => ({
  code: 'role_depth',
  class: 'permanent',
  message: `${name} stands under a chain of more than ${MAX_ROLE_DEPTH} roles.`,
  next: 'Flatten the roles.',
});

function cycle(path: readonly string[]): Failure {
  const from = path.indexOf(path[path.length - 1]!);
  return {
    code: 'role_cycle',
    class: 'permanent',
    message: `The roles form a circle: ${path.slice(from).join(' → ')}.`,
    next: 'Remove one of these links.',
  };
}

const TOO_MANY: Failure = {
  code: 'role_memberships',
  class: 'permanent',
  message: `The roles of this bundle amount to more than ${MAX_MEMBERSHIPS} memberships, counted through all levels.`,
  next: 'Let subjects join fewer roles, or put fewer roles above them.',
};
