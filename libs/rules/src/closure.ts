import { type Failure, refuse, ok, type Result } from '@writ/kernel';
import type { Link } from './rule';

/** A chain of roles longer than this is taken for a mistake. Casbin's own limit is 10, and silently denies at 11. */
export const MAX_ROLE_DEPTH = 32;

/** Memberships of one bundle in all: 12,000 links can otherwise be arranged to ask for 36 million. */
const MAX_MEMBERSHIPS = 500_000;

/** Work done so far may pause at every `yield`; the caller decides how long one slice is. */
export type Sliced<T> = Generator<void, T, void>;

/**
 * Everything a name belongs to, directly or through other groups, computed once: asking is a set look-up, whatever the
 * depth. (Casbin's role manager walks the graph at each question, and doubles its work at each diamond.)
 */
export class Closure {
  readonly #names: ReadonlyMap<string, readonly string[]>;

  constructor(above: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#names = new Map([...above].map(([member, groups]) => [member, Object.freeze([member, ...groups])]));
    Object.freeze(this);
  }

  /** True for a name and itself, as in Casbin. */
  has(member: string, group: string): boolean {
    // A list, not a set: nearly everybody has a handful of roles, and one look-up touches less memory than two.
    return member === group || (this.#names.get(member)?.includes(group) ?? false);
  }

  /** `member` and every group above it, itself first. */
  names(member: string): readonly string[] {
    return this.#names.get(member) ?? [member];
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
  for (const { member, group } of links) {
    const groups = direct.get(member);
    if (groups) groups.push(group);
    else direct.set(member, [group]);
    yield;
  }
  const above = new Map<string, Set<string>>();
  const height = new Map<string, number>();
  let memberships = 0;
  for (const start of direct.keys()) {
    if (above.has(start)) continue;
    const path: Frame[] = [{ name: start, groups: direct.get(start) ?? [], next: 0 }];
    const open = new Set([start]);
    while (path.length > 0) {
      const frame = path[path.length - 1]!;
      const group = frame.groups[frame.next++];
      if (group === undefined) {
        const failure = settle(frame, above, height);
        if (failure) return refuse(failure);
        memberships += above.get(frame.name)?.size ?? 0;
        if (memberships > MAX_MEMBERSHIPS) return refuse(TOO_MANY);
        open.delete(frame.name);
        path.pop();
        yield;
      } else if (open.has(group)) {
        return refuse(cycle([...path.map((step) => step.name), group]));
      } else if (!above.has(group) && direct.has(group)) {
        open.add(group);
        path.push({ name: group, groups: direct.get(group) ?? [], next: 0 });
      }
    }
  }
  return ok(new Closure(above));
}

function settle(frame: Frame, above: Map<string, Set<string>>, height: Map<string, number>): Failure | null {
  const all = new Set<string>(frame.groups);
  let tallest = 0;
  for (const group of frame.groups) {
    tallest = Math.max(tallest, (height.get(group) ?? 0) + 1);
    for (const further of above.get(group) ?? []) all.add(further);
  }
  if (tallest > MAX_ROLE_DEPTH) {
    return {
      code: 'role_depth',
      class: 'permanent',
      message: `${frame.name} stands under a chain of ${tallest} roles; ${MAX_ROLE_DEPTH} is the limit.`,
      next: 'Flatten the roles.',
    };
  }
  height.set(frame.name, tallest);
  above.set(frame.name, all);
  return null;
}

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
