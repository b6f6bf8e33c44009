import { boundsOf, within } from './bounds';
import { completeQuery } from './complete';
import { fieldOf, QUERY_FIELDS, type QueryList } from './fields';
import { matchesEvent } from './match-event';
import { parseQuery } from './parse';
import { parseDuration, parseMoment } from './values';

const NOW = Date.parse('2026-11-22T09:30:15.250Z');
const at = (text: string): number => Date.parse(text);

describe('a time', () => {
  it.each([
    ['now', '2026-11-22T09:30:15.250Z', 1],
    ['-15m', '2026-11-22T09:15:15.250Z', 1],
    ['-7d', '2026-11-15T09:30:15.250Z', 1],
    ['today', '2026-11-22T00:00:00.000Z', 86_400_000],
    ['yesterday', '2026-11-21T00:00:00.000Z', 86_400_000],
    ['2026-11-22', '2026-11-22T00:00:00.000Z', 86_400_000],
    ['2026-11-22T09:30', '2026-11-22T09:30:00.000Z', 60_000],
    ['2026-11-22T09:30Z', '2026-11-22T09:30:00.000Z', 60_000],
    ['2026-11-22T09:30:15+02:00', '2026-11-22T07:30:15.000Z', 1_000],
    ['2026-11-22T09:30:15.123456Z', '2026-11-22T09:30:15.123Z', 1],
  ])('%s is the stretch it names', (text, from, length) => {
    expect(parseMoment(text, NOW)).toEqual({ from: at(from), to: at(from) + length });
  });

  it.each([
    '',
    'soon',
    '-5',
    '-5y',
    '5m',
    '2026',
    '2026-1-1',
    '2026-02-29',
    '2026-11-22T25:00',
    '2026-11-22 09:30',
    'NaN',
  ])('"%s" is none', (text) => expect(parseMoment(text, NOW)).toBeNull());
});

describe('a duration', () => {
  it('adds up its parts, to the precision of the smallest', () => {
    expect(parseDuration('1h30m')).toEqual({ from: 5_400_000, to: 5_460_000 });
    expect(parseDuration('250ms')).toEqual({ from: 250, to: 251 });
    for (const text of ['', '30', 's', '-5s', '1 h', '5y']) expect(parseDuration(text)).toBeNull();
  });
});

describe('bounds', () => {
  const allows = (text: string, value: number): boolean => {
    const { root } = parseQuery(text, 'runs');
    if (root?.kind !== 'field') throw new Error(text);
    return root.tests.some((test) => within(boundsOf(fieldOf('runs', root.field)!, test, NOW), value));
  };

  it('of a day are the day, its end belongs to it, and what comes after it begins after it', () => {
    const [first, last, next] = [at('2026-11-20'), at('2026-11-21') - 1, at('2026-11-21')];
    expect([first - 1, first, last, next].map((time) => allows('started:2026-11-20', time))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([first, last, next].map((time) => allows('started:>2026-11-20', time))).toEqual([false, false, true]);
    expect([first - 1, first].map((time) => allows('started:>=2026-11-20', time))).toEqual([false, true]);
    expect([first - 1, first].map((time) => allows('started:<2026-11-20', time))).toEqual([true, false]);
    expect([last, next].map((time) => allows('started:<=2026-11-20', time))).toEqual([true, false]);
    expect([first, last, next].map((time) => allows('started:2026-11-19..2026-11-20', time))).toEqual([
      true,
      true,
      false,
    ]);
    expect([NOW, NOW + 1].map((time) => allows('started:-1h..now', time))).toEqual([true, false]);
  });

  it('of numbers and durations are points', () => {
    expect([29_999, 30_000, 30_001].map((ms) => allows('duration:>30s', ms))).toEqual([false, false, true]);
    expect([30_000, 30_999, 31_000].map((ms) => allows('duration:30s', ms))).toEqual([true, true, false]);
    expect([30_000, 60_000, 60_001].map((ms) => allows('duration:30s..1m', ms))).toEqual([true, true, false]);
    expect([0, 1].map((n) => allows('tokens:0', n))).toEqual([true, false]);
    expect([2, 3, 5, 6].map((n) => allows('tokens:3..5', n))).toEqual([false, true, true, false]);
  });
});

describe('every field', () => {
  it.each(['runs', 'audit'] satisfies QueryList[])('of %s has an example that is a query without faults', (list) => {
    for (const field of QUERY_FIELDS[list]) {
      expect([field.example, parseQuery(field.example, list).faults]).toEqual([field.example, []]);
    }
    const names = QUERY_FIELDS[list].map((field) => field.name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('completion', () => {
  const offered = (said: string, caret = said.length) => {
    const found = completeQuery(said, caret, 'runs');
    return found && [said.slice(found.start, found.end), found.options.map((one) => one.text), found.ask];
  };

  it('offers fields, then the words of a field, and says whom to ask for names', () => {
    expect(offered('sta')).toEqual(['sta', ['status:', 'started:'], null]);
    expect(offered('is:live -tr')).toEqual(['tr', ['trace:'], null]);
    expect(offered('status:wait')).toEqual([
      'wait',
      ['waiting_approval', 'waiting_input', 'waiting_external', 'waiting_reconciliation'],
      null,
    ]);
    expect(offered('decision:allow,d')).toEqual(['d', ['deny'], null]);
    expect(offered('workflow:ref')).toEqual(['ref', [], { field: 'workflow', prefix: 'ref' }]);
    expect(offered('(status:fa', 10)).toEqual(['fa', ['failed'], null]);
  });

  it('offers nothing inside quotation marks and for fields that do not exist', () => {
    expect(offered('"sta')).toBeNull();
    expect(offered('nothing:x')).toBeNull();
  });
});

describe('an event', () => {
  const event = {
    type: 'action.denied',
    time: '2026-11-22T09:00:00.000Z',
    run: 'run_1',
    actor: 'agent:clerk',
    action: 'tool.invoke',
    object: { type: 'tool', id: 'pay' },
    decision: { verdict: 'deny', reason: 'forbidden_by_rule', stages: [['agent', 'deny', 'orders-2', 'orders-3']] },
    step: 3,
  };
  const raw = JSON.stringify(event);
  const fits = (said: string, index: number | null = 7): boolean => {
    const { root, faults } = parseQuery(said, 'audit');
    expect(faults).toEqual([]);
    return matchesEvent(root, { event, index, raw }, NOW);
  };

  it.each([
    '',
    'type:action.*',
    'actor:agent:clerk',
    'action:tool.invoke',
    'object:pay',
    'kind:tool',
    'decision:deny,ask',
    'reason:forbidden*',
    'rule:orders-3',
    'run:run_1',
    'step:>2',
    'time:-1h..now',
    'index:7',
    'is:sealed',
    '"AGENT:clerk"',
    '-decision:allow',
    'outcome:x OR object:p*',
    '-(decision:deny step:4)',
  ])('fits %s', (said) => expect(fits(said)).toBe(true));

  it.each([
    'type:run.*',
    'rule:deny',
    'step:4',
    'outcome:*',
    'index:>7',
    'is:unsealed',
    'time:<-1h',
    'nowhere',
    '-kind:tool',
  ])('does not fit %s', (said) => expect(fits(said)).toBe(false));

  it('that is not sealed has no number', () => {
    expect(fits('index:>=0', null)).toBe(false);
    expect(fits('is:unsealed', null)).toBe(true);
  });
});
