import { differences } from './differences';
import { filterOf } from './queues';

describe('the inbox', () => {
  it('keeps what was typed together beside its own part of the query', () => {
    expect(filterOf({ tab: 'open', q: 'target:a OR target:b' })).toBe('is:open (target:a OR target:b)');
    expect(filterOf({ tab: 'mine', q: '' })).toBe('');
  });

  it('names every argument in which an edit differs, and no other', () => {
    expect(differences({ a: 1, b: { c: [1] }, gone: true }, { a: 1, b: { c: [2] }, made: null })).toEqual([
      { name: 'b', before: '{"c":[1]}', after: '{"c":[2]}' },
      { name: 'gone', before: 'true', after: null },
      { name: 'made', before: null, after: 'null' },
    ]);
  });
});
