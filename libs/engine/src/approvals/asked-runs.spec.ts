import { newId, type RunId, type TenantId } from '@writ/kernel';
import type { RunState } from '../state';
import { AskedRuns } from './asked-runs';

const tenant = newId('tenant');
const run = newId('run');
const state = (wait: object | null): RunState =>
  ({
    status: 'waiting_approval',
    paused: null,
    branches: new Map([['', { live: true, wait }]]),
  }) as unknown as RunState;
const held = (wait: object | null = { for: 'approval' }, of: TenantId = tenant, id: RunId = run) => ({
  tenant: of,
  run: id,
  state: state(wait),
});

describe('runs that rest while people are asked', () => {
  it('one that came to rest a moment before a change was heard of is looked at again, once', () => {
    const asked = new AskedRuns();
    expect(asked.rested('a', held(), 1_000)).toBe(false);
    expect(asked.changed(newId('tenant'), 1_100)).toEqual([]);
    expect(asked.changed(tenant, 1_200)).toMatchObject([{ tenant, run }]);
    expect(asked.changed(tenant, 1_300)).toEqual([]);
  });

  it('one that heard of it while it was led is looked at again when it rests', () => {
    const asked = new AskedRuns();
    asked.heard('a');
    expect(asked.rested('a', held(), 1_000)).toBe(true);
    expect(asked.rested('a', held(), 1_001)).toBe(false);
    asked.heard('a');
    asked.led('a');
    expect(asked.rested('a', held(), 1_002)).toBe(false);
  });

  it('one that rested long ago is woken by the change itself, and one that asks nobody is not', () => {
    const asked = new AskedRuns();
    asked.rested('a', held(), 1_000);
    asked.rested('b', held({ for: 'signal' }), 5_900);
    expect(asked.changed('*', 6_000)).toEqual([]);
    asked.heard('b');
    expect(asked.rested('b', held({ for: 'signal' }), 6_100)).toBe(false);
  });
});
