import type { Database } from '@writ/database';
import { newId } from '@writ/kernel';
import { RunDefect, sound } from './run-defect';
import { Setbacks } from './setbacks';
import { UnreadableEvent } from './upcast';

const tenant = newId('tenant');
const run = newId('run');
const broken = new RunDefect('journal_broken', 'it does not fold');
const newer = new RunDefect('journal_unreadable', 'a newer build wrote it');
const place = (seq: number, now = 0) => ({ tenant, run, seq, now });

/** Setbacks of one run, with the times at which its lease was to be looked at again. */
function setbacks(): { readonly of: Setbacks; readonly wakes: number[] } {
  const wakes: number[] = [];
  const query = (_text: string, values: readonly unknown[]) => {
    wakes.push((values.at(-1) as Date).getTime());
    return Promise.resolve([]);
  };
  const db = { withTenant: (_tenant: string, fn: (tx: unknown) => Promise<unknown>) => fn({ query }) };
  return { of: new Setbacks(db as unknown as Database, newId('worker')), wakes };
}

describe('a run that cannot be led', () => {
  it('is tried four times in one place, then it is hopeless, by its own defect', () => {
    const { of } = setbacks();
    for (let i = 0; i < 3; i++) of.add(place(7), broken);
    expect(of.hopeless(place(7))).toBeNull();
    of.add(place(7), broken);
    expect(of.hopeless(place(7))).toBe(broken);
    expect(of.hopeless(place(8))).toBeNull();
  });

  it('counts from the beginning once it has come further', () => {
    const { of } = setbacks();
    for (let i = 0; i < 5; i++) of.add(place(7), broken);
    of.add(place(9), broken);
    expect(of.hopeless(place(9))).toBeNull();
  });

  it('is never hopeless for what may pass: a database that is away, a claim without an answer', () => {
    const { of } = setbacks();
    for (let i = 0; i < 50; i++) of.add(place(7), new Error('Connection terminated unexpectedly'));
    expect(of.hopeless(place(7))).toBeNull();
    for (let i = 0; i < 50; i++) of.add({ ...place(7), seq: null }, broken);
    expect(of.hopeless(place(7))).toBeNull();
  });

  it('is left to newer builds for five minutes when one of them wrote its journal', () => {
    const { of } = setbacks();
    for (let i = 0; i < 9; i++) of.add(place(7, 1_000), newer);
    expect(of.hopeless(place(7, 300_000))).toBeNull();
    expect(of.hopeless(place(7, 301_000))).toBe(newer);
  });

  it('gives its lease back once, and is looked at later each time', async () => {
    const { of, wakes } = setbacks();
    for (let i = 0; i < 3; i++) {
      of.add(place(7), broken);
      await of.release(() => false);
      await of.release(() => false);
    }
    expect(wakes).toEqual([500, 1_000, 2_000]);
    expect([of.tooSoon(`${tenant}/${run}`, 1_999), of.tooSoon(`${tenant}/${run}`, 2_000)]).toEqual([true, false]);
    of.forget(place(7));
    expect(of.hopeless(place(7))).toBeNull();
  });
});

describe('what a pure part throws', () => {
  it('is the run’s defect, told apart by what a newer build may read', () => {
    const thrown = (error: Error) => () =>
      sound('journal_broken', () => {
        throw error;
      });
    expect(thrown(new Error('odd'))).toThrow(expect.objectContaining({ code: 'journal_broken' }));
    expect(thrown(new UnreadableEvent('later', 1, 'unknown'))).toThrow(
      expect.objectContaining({ code: 'journal_unreadable', forNewerBuild: true }),
    );
  });
});
