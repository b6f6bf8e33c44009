import { canonicalJson } from '@writ/kernel';
import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import { parseBundle, type PolicyBundle } from './bundle';
import { aroundRules, canonicalBody } from './canonical';
import { idIn } from './id-place';
import { parseRules, type RuleText } from './rule-text';

const random = seeded('canonical policies');
const runs = { numRuns: process.env['WRIT_SOAK'] === '1' ? 10_000 : 500, seed: Math.floor(random() * 2 ** 31) };

function finished<T>(work: Generator<void, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function read(rules: string): RuleText | null {
  const parsed = finished(parseRules(rules));
  return parsed.ok ? parsed.value : null;
}

/** What no name, and so no line, may hold is among it: it has to be refused before it is written. */
const letter = fc.oneof(
  { weight: 100, arbitrary: fc.constantFrom('a', 'b', '-', '!', '+', '/', 'ü', '\u0416', '\u{1f600}') },
  { weight: 1, arbitrary: fc.constantFrom('\\', '"', '\u0007', '\u2028', '*') },
);
const name = fc.string({ unit: letter, minLength: 1, maxLength: 4 });
const id = fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: name });
const rule = fc
  .tuple(name, name, fc.constantFrom('allow', 'deny'), id)
  .map(([who, what, effect, rid]) => `p, user:${who}, {tenant}, tool:${what}, tool.invoke, , ${effect}, , ${rid}`);
const handoff = fc
  .tuple(name, name)
  .map(([from, to]) => `p2, agent:${from}, agent:${to}, {tenant}, *, attenuate, , allow`);
const link = fc.tuple(name, name).map(([member, role]) => `g, user:${member}, role:${role}, {tenant}`);
const lines = fc.array(fc.oneof({ weight: 3, arbitrary: rule }, handoff, link), { minLength: 1, maxLength: 12 });
/** Members before the rules and behind them. */
const around = fc.record({
  attributes: fc.constantFrom({}, { 'order.owner': { type: 'string' } }),
  conditions: fc.constantFrom({}, { own: { eq: ['resource.owner', 'ü"\\'] } }),
});

describe('the canonical text of a policy', () => {
  it('is the canonical JSON of what it says, and each rule knows where its id stands in it', () => {
    let written = 0;
    fc.assert(
      fc.property(lines, around, (some, parts) => {
        const text = read(some.join('\n'));
        if (text === null) return;
        const bundle = bundleOf({ ...parts, rules: some });
        const body = finished(canonicalBody(text, aroundRules(bundle)));
        const { rules } = JSON.parse(body) as { rules: string };
        expect(body).toBe(canonicalJson({ ...bundle, rules }));
        expect(new Set(rules.split('\n'))).toEqual(linesOf(text));
        for (const {
          idAt,
          rule: { rid },
        } of text.rules)
          expect(idIn(body, idAt)).toBe(rid);
        written += 1;
      }),
      runs,
    );
    expect(written).toBeGreaterThan(runs.numRuns / 2);
  }, 600_000);
});

function bundleOf(document: object): PolicyBundle {
  const parsed = parseBundle(JSON.stringify(document));
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
}

const linesOf = ({ links, rules }: RuleText): ReadonlySet<string> =>
  new Set([...links.g, ...links.g2, ...rules.map(({ text, rule }) => `${text}, ${rule.rid}`)]);
