import { retailPolicy } from '../../examples/retail/house';
import { differingTasks, ownershipPass, type PassReport, taskPass } from '../../examples/retail/passes';
import { openStack, type Stack } from '../../examples/retail/stack';
import { shortenLeases } from '../support/crash-world';
import { freshDatabase } from '../support/database';
import { describeWithDataset } from './with-dataset';

const BASE = { parallel: 8, patienceMs: 120_000 };
/** A supervisor plays what the swarm plays, in more turns: all of it in a soak, every third task otherwise. */
const EACH = process.env['WRIT_SOAK'] === '1' ? 1 : 3;
const some = <T>(ids: Iterable<T>): Set<T> => new Set([...ids].filter((_, i) => i % EACH === 0));

describeWithDataset('the support desk', (dataset) => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let stack: Stack;
  let first: PassReport;

  beforeAll(async () => {
    database = await freshDatabase();
    await shortenLeases(database.ownerUrl, 2);
    stack = await openStack({ dataset, ownerUrl: database.ownerUrl, unsafeDurability: true, holdMs: 2 });
    await Promise.all([stack.addWorker(), stack.addWorker()]);
  }, 300_000);

  afterAll(async () => {
    await stack?.close();
    await database?.drop();
  }, 300_000);

  test('every task, governed, gives the recorded answers and leaves the recorded records', async () => {
    first = await taskPass(stack, dataset, { ...BASE, pass: 'tasks' });
    expect(first.differences).toEqual([]);
    expect(first.runs).toBe(dataset.tasks.size);
    expect(first.correct).toBe([...dataset.tasks.values()].reduce((sum, task) => sum + task.steps.length, 0));
    expect(first.denied).toBe(0);
  }, 300_000);

  test('with triage as a supervisor instead of a swarm, a task gives the same calls, answers and records', async () => {
    const only = some(dataset.tasks.keys());
    const supervised = await taskPass(stack, dataset, { ...BASE, pass: 'supervised', shape: 'supervisor', only });
    expect(supervised.differences).toEqual([]);
    expect(differingTasks(first, supervised).filter((task) => only.has(task))).toEqual([]);
    const calls = [...only].reduce((sum, task) => sum + dataset.tasks.get(task)!.steps.length, 0);
    expect(supervised).toMatchObject({ runs: only.size, calls, correct: calls, denied: 0 });
  }, 300_000);

  test('[I6] no agent reaches an order or a profile that is not its customer’s: every label holds, no denied call arrives', async () => {
    const labels = [...dataset.ownership.values()].flatMap((one) => one.calls);
    const report = await ownershipPass(stack, dataset, { ...BASE, pass: 'ownership' });
    expect(report.differences).toEqual([]);
    expect(report.correct).toBe(labels.length);
    expect(report.denied).toBe(labels.filter((label) => label.expect === 'deny').length);
  }, 300_000);

  test('[I6] nor does a worker that a supervisor sends: every label holds', async () => {
    const only = some(dataset.ownership.keys());
    const labels = [...only].flatMap((task) => dataset.ownership.get(task)!.calls);
    const report = await ownershipPass(stack, dataset, { ...BASE, pass: 'sent', shape: 'supervisor', only });
    expect(report.differences).toEqual([]);
    expect(report.correct).toBe(labels.length);
  }, 300_000);

  test('[I4] killed workers lose no effect and double none: the tasks end as if nobody had been killed', async () => {
    const moments = new Set([12, 30, 50]);
    const onEnd = async (ended: number): Promise<void> => {
      if (!moments.delete(ended)) return;
      await stack.workers.shift()?.kill();
      await stack.addWorker();
    };
    const second = await taskPass(stack, dataset, { ...BASE, pass: 'killed', onEnd });
    expect(second.differences).toEqual([]);
    expect(differingTasks(first, second)).toEqual([]);
    expect(moments.size).toBe(0);
    expect(second.takenOver).toBeGreaterThan(0);
  }, 300_000);

  test('an altered recording is noticed: one answer, one record, one call too many', async () => {
    const [id, task] = [...dataset.tasks].find(([, one]) => Object.keys(one.db_changes).length > 0)!;
    const user = dataset.ownership.get(id)?.authenticated_user;
    const altered = (change: object) => ({ ...dataset, tasks: new Map([[id, { ...task, ...change }]]) });
    const pass = async (name: string, change: object) =>
      (await taskPass(stack, altered(change), { ...BASE, pass: name })).differences;
    const steps = task.steps.map((step, i) => (i === 0 ? { ...step, result: 'somebody_else_1', error: null } : step));
    expect(await pass('altered-answer', { steps })).toHaveLength(1);
    expect(await pass('altered-record', { db_changes: {} })).toHaveLength(Object.keys(task.db_changes).length);
    expect(await pass('altered-user', { db_changes: { ...task.db_changes, [`users/${user}`]: {} } })).toHaveLength(1);
  }, 300_000);

  test('without the ownership condition the labels catch every call that gets through', async () => {
    const only = new Set([...dataset.ownership.keys()].slice(0, 3));
    const denied = [...only]
      .flatMap((id) => dataset.ownership.get(id)?.calls ?? [])
      .filter((one) => one.expect === 'deny');
    const policy = retailPolicy().replace(/, own(_or_none)?, allow/g, ', , allow');
    const open = await openStack({ dataset, ownerUrl: database.ownerUrl, unsafeDurability: true, policy });
    try {
      await open.addWorker();
      const report = await ownershipPass(open, dataset, { ...BASE, pass: 'open', only });
      expect(report.denied).toBe(0);
      expect(report.differences.filter((one) => one.includes('expected deny, got allow'))).toHaveLength(denied.length);
    } finally {
      await open.close();
    }
  }, 300_000);
});

describeWithDataset('a call that must not be repeated', (dataset) => {
  test('[I5] a transfer whose answer was lost waits for a person, is looked up, and happens once', async () => {
    const database = await freshDatabase();
    await shortenLeases(database.ownerUrl, 2);
    const only = new Set(
      [...dataset.tasks]
        .filter(([, task]) => task.steps.length === 1 && task.steps[0]?.name === 'transfer_to_human_agents')
        .map(([id]) => id),
    );
    expect(only.size).toBeGreaterThan(0);
    const stack = await openStack({ dataset, ownerUrl: database.ownerUrl, unsafeDurability: true, holdMs: 4_000 });
    try {
      const worker = await stack.addWorker();
      const pass = taskPass(stack, dataset, { ...BASE, pass: 'lost', only });
      while ((await stack.state.calls()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await worker.kill();
      await stack.addWorker();
      const report = await pass;
      expect(report.differences).toEqual([]);
      expect(report).toMatchObject({ runs: only.size, calls: only.size, takenOver: 1, repeated: 0 });
      const { rows } = await stack.outsider.query<{ events: string }>('select events from writ.journal');
      const reconciled = rows
        .flatMap((row) => row.events.split('\n'))
        .filter((line) => line.includes('"step_reconciled"'));
      expect(reconciled).toHaveLength(1);
    } finally {
      await stack.close();
      await database.drop();
    }
  }, 300_000);
});
