import { type Failure, refuse, ok, type Result } from '@writ/kernel';
import type { Link } from './rule';

/** A chain of roles longer than this is taken for a mistake. Casbin's own limit is 10, and silently denies at 11. */
export const MAX_ROLE_DEPTH = 32;

/** Memberships of one bundle in all: 12,000 links can otherwise be arranged to ask for 36 million. */
const MAX_MEMBERSHIPS = 500_000;

/** Links handled between two places where the work may pause. */
const STRIDE = 16;

/** Work done so far may pause at every `yield`; the caller decides how long one slice is. */
export type Sliced<T> = Generator<void, T, void>;

/**
 * Everything a name belongs to, directly or through other groups, computed once: asking is a set look-up, whatever the
 * depth. (Casbin's role manager walks the graph at each question, and doubles its work at each diamond.)
 */
export class Closure {
  readonly #names: ReadonlyMap<string, readonly string[]>;

  /** `names`: each member → itself and every group above it. */
  constructor(names: ReadonlyMap<string, readonly string[]>) {
    this.#names = names;
    Object.freeze(this);
  }

  /** True for a name and itself, as in Casbin. */
  has(member: string, group: string): boolean {
    // A list, not a set: nearly everybody has a handful of roles, and one look-up touches less memory than two.
    return member === group || (this.#names.get(member)?.includes(group) ?? false);
  }

  /** As `names` has it; null for a name that is in no group. */
  ofMember(member: string): readonly string[] | null {
    return this.#names.get(member) ?? null;
  }

  /** Everybody who is in a group. */
  members(): Iterable<string> {
    return this.#names.keys();
  }

  /** `member` and every group above it, itself first. */
  names(member: string): readonly string[] {
    return this.ofMember(member) ?? [member];
  }
}

interface Frame {
  readonly name: string;
  readonly groups: readonly string[];
  next: number;
}

/** Refuses `role_cycle` and `role_depth`, naming the names. Iterative: a hostile graph cannot exhaust the stack. */
export function* closeOver(links: readonly Link[]): Sliced<Result<Closure>> {
  const direct = new Map<string, string[]>();
  let steps = 0;
  for (const { member, group } of links) {
    const groups = direct.get(member);
    if (groups) groups.push(group);
    else direct.set(member, [group]);
    if (++steps % STRIDE === 0) yield;
  }
  const names = new Map<string, readonly string[]>();
  const height = new Map<string, number>();
  let memberships = 0;
  for (const start of direct.keys()) {
    if (names.has(start)) continue;
    const path: Frame[] = [{ name: start, groups: direct.get(start) ?? [], next: 0 }];
    while (path.length > 0) {
      const frame = path[path.length - 1]!;
      const group = frame.groups[frame.next++];
      if (group === undefined) {
        const failure = settle(frame, names, height);
        if (failure) return refuse(failure);
        memberships += names.get(frame.name)!.length;
        if (memberships > MAX_MEMBERSHIPS) return refuse(TOO_MANY);
        path.pop();
        if (++steps % STRIDE === 0) yield;
      } else if (!names.has(group) && direct.has(group)) {
        if (path.some((open) => open.name === group)) {
          return refuse(cycle([...path.map((open) => open.name), group]));
        }
        path.push({ name: group, groups: direct.get(group) ?? [], next: 0 });
        // Deeper than any chain may be: refused before the path itself becomes long.
        if (path.length > MAX_ROLE_DEPTH + 1) return refuse(tooDeep(start));
      }
    }
  }
  return ok(new Closure(names));
}

function settle(frame: Frame, names: Map<string, readonly string[]>, height: Map<string, number>): Failure | null {
  const { name, groups } = frame;
  let tallest = 0;
  for (const group of groups) tallest = Math.max(tallest, (height.get(group) ?? 0) + 1);
  if (tallest > MAX_ROLE_DEPTH) return tooDeep(name);
  height.set(name, tallest);
  names.set(name, Object.freeze([name, ...union(groups, names)]));
  return null;
}

/** The groups and all above them, each once. Nearly everybody is in one group or two, where a set costs more. */
function union(groups: readonly string[], names: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const [only] = groups;
  if (only !== undefined && groups.length === 1) return names.get(only) ?? groups;
  return [...new Set(groups.flatMap((group) => names.get(group) ?? [group]))];
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
