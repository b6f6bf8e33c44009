import type { GroupCommit, Unit } from '@writ/database';
import { newId } from '@writ/kernel';
import { commitUnit } from './commit';
import { emptyPending, type HeldRun } from './held-run';
import type { Standing } from './unit-request';

const authority = { tenant: 1, platform: 1 };
const resting: Standing = { status: 'waiting_external', wait: null, wakeAt: null, release: true };

function world(): { readonly held: HeldRun; readonly sent: Unit[]; readonly writer: GroupCommit } {
  const sent: Unit[] = [];
  const commit = async (unit: Unit): Promise<object> => {
    sent.push(unit);
    await new Promise((resolve) => setImmediate(resolve));
    return { kind: 'committed', committed: {} };
  };
  const held = {
    tenant: newId('tenant'),
    run: newId('run'),
    leaseEpoch: 1,
    seq: 3,
    chain: { seq: 2, hash: '0'.repeat(64) },
    create: null,
    pending: emptyPending(),
    claims: [],
    committing: false,
    state: { started: {} },
    crew: { size: 1, nudge: () => undefined },
    holdings: { unit: () => undefined, apply: () => undefined },
    keeper: { committed: () => undefined },
  };
  return { held: held as unknown as HeldRun, sent, writer: { commit } as unknown as GroupCommit };
}

describe('committing what is pending', () => {
  it('sends nothing where another unit has taken it meanwhile: a unit without events would be refused as bad data', async () => {
    const { held, sent, writer } = world();
    held.pending.events.push({ type: 'run_paused', at: 1, by: 'user:ada', reason: 'lunch' } as never);
    const both = await Promise.all([
      commitUnit(writer, held, { authority, standing: resting }),
      commitUnit(writer, held, { authority, standing: resting }),
    ]);
    expect(both.map(({ kind }) => kind)).toEqual(['committed', 'nothing']);
    expect(sent).toHaveLength(1);
    expect(held.seq).toBe(4);
  });
});
