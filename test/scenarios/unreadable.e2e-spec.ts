import type { RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { until } from '../support/until';
import { type BranchWorld, branchPolicy, openBranchWorld, tool } from './branch-world';

const run = (workflow: string): object => ({ type: 'run', workflow });

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld({
    waits: {
      type: 'sequence',
      steps: [
        { id: 'before', node: tool('pay', { amount: 1 }) },
        { id: 'stop', node: { type: 'wait', signal: 'go' } },
        { id: 'after', node: tool('echo', { say: 'done' }) },
      ],
    },
    parent: { type: 'sequence', steps: [{ id: 'below', node: run('waits') }] },
  });
  await world.scenario.activate({
    ...branchPolicy,
    rules: `${branchPolicy.rules}\np, user:*, {tenant}, run:*, run.redrive, , allow`,
  });
});
afterAll(() => world.close());

/** Changes stored events, as only the owner of the database could. */
async function rewrite(of: RunId, from: string, to: string): Promise<void> {
  const { outsider } = world.scenario;
  await outsider.query(`alter table writ.journal disable trigger user`);
  const { rowCount } = await outsider.query(
    `update writ.journal set events = replace(events, $2, $3) where run = $1 and position($2 in events) > 0`,
    [of, from, to],
  );
  await outsider.query(`alter table writ.journal enable trigger user`);
  expect(rowCount).toBe(1);
}

/** From elsewhere: whoever led the run here still knows how it stands, and would not read it. */
async function signal(of: RunId): Promise<void> {
  const { tenant, caller } = world.scenario;
  const { commands } = await world.scenario.elsewhere();
  await commands.signal({ tenant, run: of, caller, name: 'go', payload: null });
}

async function quarantined(of: RunId): Promise<void> {
  await until(
    `run ${of} to be taken out`,
    async () => {
      const { rows } = await world.scenario.outsider.query<{ status: string }>(
        `select status from writ.run where id = $1`,
        [of],
      );
      return rows[0]?.status === 'quarantined';
    },
    400_000,
  );
}

const SETTLED = '"step":1,"type":"step_settled"';
const MISPLACED = '"step":99,"type":"step_settled"';

describe('a run whose journal cannot be read', () => {
  it('goes to quarantine with the reason, is shown with it, and goes on when it can be read again', async () => {
    const { engine, tenant, caller, outsider } = world.scenario;
    const id = await world.start('waits');
    await world.stands(id, 'waiting_external');
    await rewrite(id, SETTLED, MISPLACED);
    await signal(id);
    await quarantined(id);
    const shown = await engine.queries.get(tenant, id);
    expect(shown).toMatchObject({ status: 'quarantined', failure: { code: 'journal_broken' } });
    expect(shown?.failure?.message).toContain('settled without an open intent');
    const { rows } = await outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where run = $1 order by seq desc limit 1`,
      [id],
    );
    expect(JSON.parse(rows[0]!.events)).toMatchObject({ type: 'run.quarantined', outcome: 'journal_broken' });

    await rewrite(id, MISPLACED, SETTLED);
    const paid = world.reached.filter((one) => one.startsWith('pay')).length;
    const again = await engine.commands.redrive({ tenant, run: id, caller, reason: 'the disk was mended' });
    expect(again.ok).toBe(true);
    const { status, output } = await world.stands(id);
    expect([status, output]).toEqual(['succeeded', 'done']);
    expect(world.reached.filter((one) => one.startsWith('pay')).length).toBe(paid);
    await checkRun(outsider, id);
  });

  it('ends the node of the run that started it, though nobody can read what came of it', async () => {
    const parent = await world.start('parent');
    const { events } = await world.stands(parent, 'waiting_external');
    const child = events.flatMap((event) =>
      event.type === 'step_intended' && event.child ? [event.child.run] : [],
    )[0]!;
    await world.stands(child, 'waiting_external');
    await rewrite(child, SETTLED, MISPLACED);
    await signal(child);
    await quarantined(child);
    const above = await world.stands(parent);
    expect(above.status).toBe('failed');
    expect(above.events.find((event) => event.type === 'child_ended')).toMatchObject({
      status: 'quarantined',
      failure: { code: 'journal_broken' },
    });
  });
});
