import fc from 'fast-check';
import { type Closure, closeOver, type Sliced } from './closure';
import { covers } from './names';
import type { ActionRule, HandoffRule, Link } from './rule';
import { ActionIndex, HandoffIndex } from './rule-index';

function run<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function closureOf(links: readonly Link[]): Closure {
  const closed = run(closeOver(links));
  if (!closed.ok) throw new Error(closed.failure.message);
  return closed.value;
}

const rule = (part: Partial<ActionRule>, i: number): ActionRule => ({
  section: 'p',
  rid: `r${i}`,
  subject: 'user:a',
  object: 'tool:x',
  action: 'tool.invoke',
  condition: null,
  effect: 'allow',
  obligations: [],
  ...part,
});

const subject = fc.constantFrom('user:a', 'user:ab', 'user:b', 'role:r', 'role:s', 'role:t', 'user:*', 'user:a*', '*');
const object = fc.constantFrom('tool:x', 'tool:xy', 'tool:z', 'tool:x*', 'tool:*', 'class:c', 'class:d', '*');
const action = fc.constantFrom('tool.invoke', 'tool.change', 'tool.*', '*', 'handoff');
const roles: readonly Link[] = [
  { member: 'user:a', group: 'role:r' },
  { member: 'role:r', group: 'role:s' },
  { member: 'user:b', group: 'role:t' },
];
const classes: readonly Link[] = [
  { member: 'tool:x', group: 'class:c' },
  { member: 'class:c', group: 'class:d' },
];

describe('the index of action rules', () => {
  const closures = { roles: closureOf(roles), classes: closureOf(classes) };

  it('offers every rule that covers a request, and none twice', () => {
    const parts = fc.array(fc.record({ subject, object, action }), { maxLength: 30 });
    const names = fc.uniqueArray(fc.constantFrom('user:a', 'user:ab', 'user:b', 'role:r', 'role:t'), { minLength: 1 });
    fc.assert(
      fc.property(parts, names, fc.constantFrom('tool:x', 'tool:xy', 'tool:z'), (rules, asking, target) => {
        const entries = rules.map(rule);
        const index = run(ActionIndex.build(entries, closures));
        const found = index.candidates(index.places('tool.invoke', target), asking).map(({ entry }) => entry.rid);
        const expected = entries.filter(
          (one) =>
            covers(one.action, 'tool.invoke') &&
            (covers(one.object, target) || closures.classes.has(target, one.object)) &&
            asking.some((name) => covers(one.subject, name) || closures.roles.has(name, one.subject)),
        );
        expect(found.sort()).toEqual(expected.map((one) => one.rid).sort());
      }),
      { numRuns: 1_000 },
    );
  });

  it('cannot be led to another rule by separators in names', () => {
    const entries = [
      rule({ subject: 'user:a', object: 'tool:b,c' }, 0),
      rule({ subject: 'user:a,tool:b', object: 'tool:c' }, 1),
    ];
    const index = run(ActionIndex.build(entries, closures));
    const rids = (who: string, what: string) =>
      index.candidates(index.places('tool.invoke', what), [who]).map(({ entry }) => entry.rid);
    expect(rids('user:a', 'tool:b,c')).toEqual(['r0']);
    expect(rids('user:a,tool:b', 'tool:c')).toEqual(['r1']);
    expect(rids('user:a', 'tool:b')).toEqual([]);
  });
});

describe('the index of handoff rules', () => {
  it('finds a pair by name, by role and by wildcard, for its purpose only', () => {
    const handoff = (part: Partial<HandoffRule>, i: number): HandoffRule => ({
      section: 'p2',
      rid: `h${i}`,
      source: 'agent:a',
      target: 'agent:b',
      purpose: '*',
      mode: 'attenuate',
      condition: null,
      effect: 'allow',
      obligations: [],
      ...part,
    });
    const entries = [
      handoff({}, 0),
      handoff({ source: 'role:front', purpose: 'billing' }, 1),
      handoff({ target: '*', purpose: 'bill*' }, 2),
      handoff({ source: 'agent:b', target: 'agent:a' }, 3),
    ];
    const index = run(HandoffIndex.build(entries, closureOf([{ member: 'agent:a', group: 'role:front' }])));
    const rids = (purpose: string | null) =>
      index.candidates('agent:a', 'agent:b', purpose).map(({ entry }) => entry.rid);
    expect(rids('billing').sort()).toEqual(['h0', 'h1', 'h2']);
    expect(rids('returns')).toEqual(['h0']);
    expect(rids(null).sort()).toEqual(['h0', 'h1', 'h2']);
    expect(index.candidates('agent:c', 'agent:b', null)).toEqual([]);
  });
});
