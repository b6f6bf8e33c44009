import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import { type Closure, closeOver, type Sliced } from './closure';
import { HandoffIndex } from './handoff-index';
import { covers, isPattern } from './names';
import type { ActionRule, HandoffRule, Link } from './rule';
import { ActionIndex } from './rule-index';

const random = seeded('the index beside a plain list');
const runs = () => ({
  numRuns: process.env['WRIT_SOAK'] === '1' ? 50_000 : 2_000,
  seed: Math.floor(random() * 2 ** 31),
});

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

  it('offers them in one order, which is that of the evidence, and says how each was met', () => {
    // Few names and many rules: objects with one row, with many, and crowded ones; names that no rule and no link writes.
    const parts = fc.array(fc.record({ subject, object: fc.oneof(object, fc.constant('tool:x')), action }), {
      maxLength: 60,
    });
    const asking = fc.uniqueArray(fc.constantFrom('user:a', 'user:ab', 'user:b', 'user:ax', 'role:r', 'bot:q'), {
      minLength: 1,
    });
    const target = fc.constantFrom('tool:x', 'tool:xy', 'tool:xz', 'tool:q', 'model:m', 'class:c', 'tool:*');
    const acting = fc.constantFrom('tool.invoke', 'tool.change', 'handoff', 'run.start');
    fc.assert(
      fc.property(parts, asking, fc.tuple(target, acting), (rules, names, [what, doing]) => {
        const entries = rules.map(rule);
        const index = run(ActionIndex.build(entries, closures));
        const places = index.places(doing, what);
        const found = index.candidates(places, names);
        const expected = inOrder(entries, { names, what, doing });
        expect(found.map(({ entry, via }) => `${entry.rid} ${via}`)).toEqual(
          expected.map(({ entry, via }) => `${entry.rid} ${via}`),
        );
        for (const { entry, via, object: named, inRole, inClass } of found) {
          expect(inRole).toBe(!isPattern(entry.subject) && closures.roles.has(via, entry.subject));
          expect(inClass).toBe(!isPattern(entry.object) && closures.classes.has(what, entry.object));
          expect(named).toBe(what);
        }
        const around = entries.filter((one) => covers(one.action, doing) && reaches(one, what));
        expect([...index.around(places)].map(({ rid }) => rid).sort()).toEqual(around.map(({ rid }) => rid).sort());
      }),
      runs(),
    );
  }, 600_000);

  const reaches = (one: ActionRule, what: string): boolean =>
    covers(one.object, what) || closures.classes.has(what, one.object);

  /** By name asked for; rules of short places first, by action, object and line; then those of long ones, by subject. */
  function inOrder(
    entries: readonly ActionRule[],
    { names, what, doing }: { readonly names: readonly string[]; readonly what: string; readonly doing: string },
  ): { readonly entry: ActionRule; readonly via: string }[] {
    const patternsIn = (pick: (one: ActionRule) => string, name: string): string[] => {
      const lengths = new Set(
        entries
          .map(pick)
          .filter(isPattern)
          .map((one) => one.length - 1),
      );
      return [...lengths].filter((length) => length <= name.length).map((length) => `${name.slice(0, length)}*`);
    };
    // A text that is a pattern covers itself, as a pattern and once.
    const own = isPattern(what) ? [] : closures.classes.names(what);
    const keys = [...own, ...patternsIn((one) => one.object, what)];
    const group = doing.includes('.') ? [`${doing.slice(0, doing.indexOf('.'))}.*`] : [];
    const places = [doing, ...group, '*'].flatMap((word) =>
      keys.map((key) => entries.filter((one) => one.action === word && one.object === key)),
    );
    const found = names.flatMap((via) => {
      const subjects = [...closures.roles.names(via), ...patternsIn((one) => one.subject, via)];
      const short = places.filter(({ length }) => length <= 8).flat();
      const long = places.filter(({ length }) => length > 8);
      return [
        ...short.filter((one) => subjects.includes(one.subject)),
        ...long.flatMap((place) => subjects.flatMap((name) => place.filter((one) => one.subject === name))),
      ].map((entry) => ({ entry, via }));
    });
    return found.filter(({ entry }, i) => found.findIndex((other) => other.entry === entry) === i);
  }

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
