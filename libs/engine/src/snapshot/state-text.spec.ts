import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type TenantId } from '@writ/kernel';
import { journalFixtures } from '../../../../test/support/journal-fixtures';
import { ScopeLedger } from '../budget/scope-ledger';
import { apply, fold } from '../fold';
import { journalEvents } from '../journal-line';
import type { RunState } from '../state';
import { FOLD_VERSION, fromText, textOf } from './state-text';

const fixtures = journalFixtures().map(
  (fixture) => [fixture.name, journalEvents(fixture.tenant as TenantId, fixture.lines)] as const,
);

describe('a state as text', () => {
  it.each(fixtures)('%s: kept behind any of its events and read back, it folds on to the same', (_name, events) => {
    const whole = textOf(fold(events));
    for (let kept = 1; kept <= events.length; kept++) {
      const state = fromText<RunState>(textOf(fold(events.slice(0, kept))));
      for (const event of events.slice(kept)) apply(state, event);
      expect(textOf(state)).toBe(whole);
    }
  });

  it('keeps members that look like its own tags as what they are', () => {
    const odd = { $map: [['a', 1]], deep: [{ $set: 'x' }, { a: 1, $object: null }], ['__proto__']: { b: 2 } };
    expect(fromText(textOf(odd))).toEqual(odd);
    expect(Object.hasOwn(fromText(textOf(odd)), '__proto__')).toBe(true);
  });

  it('keeps maps in their order, sets, and what limits have left', () => {
    const ledger = new ScopeLedger();
    ledger.limit({ path: '', level: 'run', limits: { tool_calls: 3 }, since: 1 });
    ledger.reserve(1, 1, { path: 'a', bound: { tool_calls: 2 } });
    const back = fromText<{ m: Map<string, Set<string>>; ledger: ScopeLedger }>(
      textOf({
        m: new Map([
          ['b', new Set(['x'])],
          ['a', new Set()],
        ]),
        ledger,
      }),
    );
    expect([...back.m.keys()]).toEqual(['b', 'a']);
    expect(back.m.get('b')).toEqual(new Set(['x']));
    back.ledger.settle(1, 1, { tool_calls: 1 });
    expect(back.ledger.room('a', 1)).toEqual({ tool_calls: 2 });
  });

  it('refuses a tag that nobody writes', () => {
    expect(() => fromText('{"$function":"x"}')).toThrow('no tag of a state');
  });
});

describe('the rules of folding', () => {
  const PINS = join(__dirname, '../../../../test/fixtures/fold.json');
  interface Pins {
    readonly fold: number;
    readonly states: { readonly [journal: string]: string };
  }
  const states = Object.fromEntries(fixtures.map(([name, events]) => [name, digestOf(textOf(fold(events)))]));

  it('have a new number whenever a journal folds to something else', () => {
    if (process.env['WRIT_PIN_FOLD'] === '1' || !existsSync(PINS)) {
      writeFileSync(PINS, `${JSON.stringify({ fold: FOLD_VERSION, states }, null, 2)}\n`);
    }
    const pins = JSON.parse(readFileSync(PINS, 'utf8')) as Pins;
    const changed = Object.keys(pins.states).filter((name) => states[name] !== pins.states[name]);
    // Snapshots of before would be taken for snapshots of now: raise FOLD_VERSION, then run this with WRIT_PIN_FOLD=1.
    expect({ fold: pins.fold, changed }).toEqual({ fold: FOLD_VERSION, changed: [] });
  });
});
