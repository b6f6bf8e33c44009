import type { Json, JsonObject, TenantId } from '@writ/kernel';
import { journalFixtures } from '../../../test/support/journal-fixtures';
import { fold } from './fold';
import { journalEvents } from './journal-line';
import { EVENT_VERSIONS, type Shapes, SHAPES, UnreadableEvent, upcast } from './upcast';

const fixtures = journalFixtures();
const written = fixtures.flatMap(({ lines }) => lines.map((line) => JSON.parse(line) as JsonObject));

describe('every journal ever written', () => {
  it.each(fixtures.map((fixture) => [fixture.name, fixture] as const))('%s can be read and folds', (_name, fixture) => {
    const state = fold(journalEvents(fixture.tenant as TenantId, fixture.lines));
    const found = {
      ...state,
      failure: state.failure?.code ?? null,
      results: Object.fromEntries(state.results),
      messages: Object.fromEntries([...state.agents].map(([path, { messages }]) => [path, messages])),
    };
    expect(found).toMatchObject(fixture.folds_to);
  });

  it('holds every type of event in every version it had', () => {
    const kept = new Set(written.map((event) => `${String(event['type'])} ${Number(event['v'] ?? 1)}`));
    const needed = Object.entries(EVENT_VERSIONS).flatMap(([type, newest]) =>
      Array.from({ length: newest }, (_, i) => `${type} ${i + 1}`),
    );
    // See test/fixtures/journal/README.md for how a journal is kept.
    expect(needed.filter((one) => !kept.has(one))).toEqual([]);
  });

  it('has a way up from every version that is not today’s', () => {
    for (const [type, newest] of Object.entries(SHAPES.versions)) {
      expect([type, (SHAPES.upcasts[type] ?? []).length]).toEqual([type, newest - 1]);
    }
  });
});

describe('reading an old line', () => {
  const shapes: Shapes = {
    versions: { thing: 3, other: 1 },
    upcasts: {
      thing: [
        ({ name, ...rest }) => ({ ...rest, names: [name as Json] }),
        (event) => ({ ...event, count: (event['names'] as readonly Json[]).length }),
      ],
    },
  };

  it('goes up one version at a time, from whichever it was written in', () => {
    const today = { type: 'thing', names: ['a'], count: 1 };
    expect(upcast({ type: 'thing', name: 'a' }, shapes)).toEqual(today);
    expect(upcast({ type: 'thing', v: 2, names: ['a'] }, shapes)).toEqual(today);
    expect(upcast({ type: 'thing', v: 3, names: ['a'], count: 1 }, shapes)).toEqual(today);
  });

  it('leaves a line of today as it is', () => {
    const line = { type: 'other', at: 1 };
    expect(upcast(line, shapes)).toBe(line);
  });

  it('refuses what a newer build wrote, by name, and never guesses', () => {
    expect(() => upcast({ type: 'thing', v: 4 }, shapes)).toThrow(UnreadableEvent);
    expect(() => upcast({ type: 'later' }, shapes)).toThrow('this build does not know its type');
    expect(() => upcast({ type: 'constructor' }, shapes)).toThrow(UnreadableEvent);
  });
});
