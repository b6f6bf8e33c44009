import fc from 'fast-check';
import { type Closure, closeOver, MAX_ROLE_DEPTH, type Sliced } from './closure';
import type { Link } from './rule';

function run<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

const chain = (length: number): Link[] =>
  Array.from({ length }, (_, i) => ({ member: `role:${i}`, group: `role:${i + 1}` }));

function closureOf(links: readonly Link[]): Closure {
  const closed = run(closeOver(links));
  if (!closed.ok) throw new Error(closed.failure.message);
  return closed.value;
}

/** Reachability by walking, the slow and plain way. */
function reaches(links: readonly Link[], from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const name of seen) for (const { member, group } of links) if (member === name) seen.add(group);
  return seen.has(to);
}

describe('the closure of roles', () => {
  it('is exactly what can be reached link by link', () => {
    const names = Array.from({ length: 8 }, (_, i) => `role:${i}`);
    // Links only upwards, so that there is no circle; any member may have many groups.
    const link = fc
      .tuple(fc.nat(6), fc.nat(7))
      .filter(([a, b]) => a < b)
      .map(([a, b]) => ({ member: names[a]!, group: names[b]! }));
    fc.assert(
      fc.property(fc.array(link, { maxLength: 20 }), (links) => {
        const closure = closureOf(links);
        for (const a of names) {
          for (const b of names) expect(closure.has(a, b)).toBe(reaches(links, a, b));
          expect([...closure.names(a)].sort()).toEqual(names.filter((b) => reaches(links, a, b)));
        }
      }),
    );
  });

  it('answers at the depth where Casbin silently stops, and refuses what is deeper than the limit', () => {
    expect(closureOf(chain(11)).has('role:0', 'role:11')).toBe(true);
    expect(closureOf(chain(MAX_ROLE_DEPTH)).has('role:0', `role:${MAX_ROLE_DEPTH}`)).toBe(true);
    expect(run(closeOver(chain(MAX_ROLE_DEPTH + 1)))).toMatchObject({ ok: false, failure: { code: 'role_depth' } });
  });

  it('names the circle it refuses', () => {
    const links = [...chain(3), { member: 'role:3', group: 'role:1' }];
    expect(run(closeOver(links))).toMatchObject({
      ok: false,
      failure: { code: 'role_cycle', message: 'The roles form a circle: role:1 → role:2 → role:3 → role:1.' },
    });
    expect(run(closeOver([{ member: 'role:a', group: 'role:a' }])).ok).toBe(false);
  });

  it('takes thirty diamonds on top of each other in its stride, which walking would not', () => {
    const links: Link[] = [];
    for (let i = 0; i < 15; i++) {
      for (const side of ['l', 'r']) {
        links.push(
          { member: `role:${i}`, group: `role:${i}${side}` },
          { member: `role:${i}${side}`, group: `role:${i + 1}` },
        );
      }
    }
    expect(closureOf(links).has('role:0', 'role:15')).toBe(true);
  });

  it('refuses links that would multiply into more memberships than a process should hold', () => {
    const links: Link[] = [];
    for (let i = 0; i < 2_000; i++) links.push({ member: `user:${i}`, group: 'role:hub' });
    for (let i = 0; i < 2_000; i++) links.push({ member: 'role:hub', group: `role:${i}` });
    expect(run(closeOver(links))).toMatchObject({ ok: false, failure: { code: 'role_memberships' } });
  });
});
