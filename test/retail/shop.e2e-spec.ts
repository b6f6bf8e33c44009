import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { DirectShop, replayDirectly } from '../../examples/retail/direct-replay';
import { calculate } from '../../examples/retail/server/calculate';
import { floatText, roundCents } from '../../examples/retail/server/money';
import { type RunningShop, shopProgram, startShop } from '../../examples/retail/shop-process';
import { ShopState } from '../../examples/retail/shop-state';
import { freshDatabase } from '../support/database';
import { describeWithDataset } from './with-dataset';

const PENDING = { order_id: '#W4776164', reason: 'no longer needed' };

// Processes start slowly on a machine that is busy with other suites.
describeWithDataset('the shop by itself', (dataset) => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let shop: RunningShop;
  let direct: DirectShop;
  let state: ShopState;

  const start = (holdMs = 0) => startShop({ databaseUrl: database.ownerUrl, data: dataset.folder, holdMs });

  beforeAll(async () => {
    database = await freshDatabase();
    shop = await start();
    direct = await DirectShop.connect(shop.url);
    state = new ShopState(database.ownerUrl);
  });

  beforeEach(async () => {
    await state.reset();
    await state.forgetCalls();
  });

  afterAll(async () => {
    await direct?.close();
    await state?.close();
    await shop?.stop();
    await database?.drop();
  });

  test('every recorded call of every task answers as recorded and changes exactly the recorded records', async () => {
    expect(await replayDirectly(dataset, direct, state)).toEqual([]);
    const steps = [...dataset.tasks.values()].reduce((sum, task) => sum + task.steps.length, 0);
    const calls = await state.calls();
    expect(calls).toHaveLength(steps);
    expect(calls.every((call) => call.asked === 1 && call.effects === 1)).toBe(true);
  }, 300_000);

  test('a comparison that finds nothing would find something: another price is a difference', async () => {
    const [id, task] = [...dataset.tasks].find(([, one]) => Object.keys(one.db_changes).length > 0)!;
    const first = task.steps.find((step) => step.error === null)!;
    const altered = {
      ...task,
      db_sha256: '0',
      db_changes: {},
      steps: task.steps.map((step) => (step === first ? { ...step, result: 'something else' } : step)),
    };
    const differences = await replayDirectly({ ...dataset, tasks: new Map([[id, altered]]) }, direct, state);
    const changed = Object.keys(task.db_changes).length;
    expect(differences).toHaveLength(2 + changed);
  });

  test('one key is one effect, however often and from wherever it is asked at once', async () => {
    const order = await pendingOrder();
    const args = { order_id: order, reason: 'no longer needed' };
    const second = await DirectShop.connect(shop.url);
    const asked = Array.from({ length: 40 }, (_, i) =>
      (i % 2 ? second : direct).call('cancel_pending_order', args, { key: 'one' }),
    );
    const answers = new Set((await Promise.all(asked)).map((answer) => `${answer.isError} ${answer.value}`));
    expect(answers.size).toBe(1);
    expect([...answers][0]).toMatch(/^false .*"status":"cancelled"/);
    expect(await state.calls()).toMatchObject([{ key: 'one', asked: 40, effects: 1 }]);
    const again = await direct.call('cancel_pending_order', args, { key: 'two' });
    expect(again).toEqual({ value: 'ValueError: Non-pending order cannot be cancelled', isError: true });
    await second.close();
  });

  test('an answer lost with the server is given again by the next one', async () => {
    const order = await pendingOrder();
    const args = { order_id: order, reason: 'ordered by mistake' };
    const holding = await start(60_000);
    const client = await DirectShop.connect(holding.url);
    const lost = client.call('cancel_pending_order', args, { key: 'lost' }).catch(() => 'lost');
    while ((await state.calls()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await holding.kill();
    expect(await lost).toBe('lost');
    const answer = await direct.call('cancel_pending_order', args, { key: 'lost' });
    expect(answer.isError).toBe(false);
    expect(await state.calls()).toMatchObject([{ key: 'lost', asked: 2, effects: 1 }]);
    expect(Object.keys(await state.changes([`orders/${order}`]))).toEqual([`orders/${order}`]);
  });

  test('a key used for another call is refused, not answered with the first', async () => {
    await direct.call('get_order_details', { order_id: PENDING.order_id }, { key: 'shared' });
    await expect(direct.call('cancel_pending_order', PENDING, { key: 'shared' })).rejects.toThrow(
      /used for another call/,
    );
  });

  test('the server asks nobody whose order it is', async () => {
    const order = await pendingOrder();
    const answer = await direct.call('cancel_pending_order', { order_id: order, reason: 'no longer needed' });
    expect(answer.isError).toBe(false);
  });

  test('facts tell an owner, and that what does not exist has none', async () => {
    const user = [...dataset.ownership.values()].find((one) => one.owned_orders.length > 0)!;
    const [order = ''] = user.owned_orders;
    const fact = async (tool: string, args: { [name: string]: string }) =>
      JSON.parse((await direct.call(tool, args)).value) as unknown;
    expect(await fact('order_facts', { order_id: order })).toEqual({ exists: true, owner: user.authenticated_user });
    expect(await fact('order_facts', { order_id: '#W0' })).toEqual({ exists: false, owner: null });
    expect(await fact('profile_facts', { user_id: 'nobody_0' })).toEqual({ exists: false, owner: null });
  });

  test('arguments outside the schema never reach a tool', async () => {
    await expect(direct.call('cancel_pending_order', { order_id: 7, reason: 'no longer needed' })).rejects.toThrow();
    await expect(direct.call('no_such_tool', {})).rejects.toThrow();
    expect(await state.calls()).toEqual([]);
  });

  test('the same server speaks over stdio', async () => {
    const client = new Client({ name: 'stdio', version: '1.0.0' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [shopProgram(), '--stdio'],
      env: { RETAIL_DATABASE_URL: database.ownerUrl, RETAIL_DATA: dataset.folder },
    });
    await client.connect(transport);
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(expect.arrayContaining(dataset.tools.map((tool) => tool.name)));
    const result = await client.callTool({ name: 'calculate', arguments: { expression: '2 * (3 + 4)' } });
    expect(result.content).toEqual([{ type: 'text', text: '14.0' }]);
    await client.close();
  });

  async function pendingOrder(): Promise<string> {
    const cancelled = [...dataset.tasks.values()]
      .flatMap((task) => task.steps)
      .find((step) => step.name === 'cancel_pending_order' && step.error === null);
    const id = cancelled?.arguments['order_id'];
    if (typeof id !== 'string') throw new Error('the data set has no cancelled order');
    return id;
  }
});

describe('the shop’s arithmetic', () => {
  test.each([
    ['1 + 2 * 3', '7.0'],
    ['(1 + 2) * 3', '9.0'],
    ['10 / 4', '2.5'],
    ['7 // 2', '3.0'],
    ['2 ** 3 ** 2', '512.0'],
    ['-2 ** 2', '-4.0'],
    ['0.1 + 0.2', '0.3'],
    ['0.125 * 1', '0.12'],
    ['0.375 * 1', '0.38'],
    ['1.005 * 1', '1.0'],
    ['2.675 * 1', '2.67'],
    ['.5 + 5.', '5.5'],
  ])('%s is %s', (expression, value) => {
    expect(calculate(expression)).toBe(value);
  });

  test.each([
    ['a letter', '1 + x', 'ValueError: Invalid characters in expression'],
    ['an end too early', '1 +', 'SyntaxError: invalid syntax'],
    ['an open parenthesis', '(1', 'SyntaxError: invalid syntax'],
    ['two numbers side by side', '1 2', 'SyntaxError: invalid syntax'],
    ['a division by zero', '1 / 0', 'ZeroDivisionError: division by zero'],
    ['5,000 parentheses', '('.repeat(5000), 'SyntaxError: invalid syntax'],
    ['5,000 signs', '-'.repeat(5000) + '1', 'SyntaxError: invalid syntax'],
  ])('%s is refused', (_what, expression, message) => {
    expect(() => calculate(expression)).toThrow();
    try {
      calculate(expression);
    } catch (error) {
      expect(`${(error as Error).name}: ${(error as Error).message}`).toBe(message);
    }
  });

  test('cents are rounded half to even on the exact value, and shown with a decimal point', () => {
    expect([-0.125, -0.375, 1234.565, -17.989999999999995].map(roundCents)).toEqual([-0.12, -0.38, 1234.57, -17.99]);
    expect([5, 247, 0.5, 1e16, 1e-5, -0].map(floatText)).toEqual(['5.0', '247.0', '0.5', '1e+16', '1e-05', '-0.0']);
  });
});
