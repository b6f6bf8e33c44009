import { isId, newId, timeOfId } from '@writ/kernel';
import { childRunId } from './child-id';

describe('the id of a child run', () => {
  it('is an id, the same for the same node, and another for every other', () => {
    const parents = Array.from({ length: 50 }, () => newId('run'));
    const ids = parents.flatMap((parent) =>
      Array.from({ length: 50 }, (_, i) => childRunId(parent, `map/=${i}/child`)),
    );
    expect(ids.every((id) => isId('run', id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(childRunId(parents[0]!, 'map/=0/child')).toBe(ids[0]);
  });

  it('holds the time of its parent', () => {
    const parent = newId('run');
    expect(timeOfId(childRunId(parent, 'child'))).toBe(timeOfId(parent));
  });
});
