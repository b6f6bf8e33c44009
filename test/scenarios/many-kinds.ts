import type { RunId } from '@writ/kernel';
import { type PolicyBundle, setStop } from '@writ/policy';
import { type Desk, OWNER, policy, say } from './desk';

/** The desk's policy, and `quiet` only after a person agreed. */
export const asking: PolicyBundle = {
  ...policy,
  rules: (policy.rules as string)
    .replace('g2, tool:quiet, class:harmless, {tenant}\n', '')
    .concat(
      '\n',
      ['user:*', 'agent:clerk'].map((who) => `p, ${who}, {tenant}, tool:quiet, tool.invoke, , allow, ask`).join('\n'),
    ),
  obligations: { ask: { type: 'require_approval', values: { count: 1, roles: ['boss'] } } },
};

const calling = (name: string, args: object = {}): object => ({ calls: [{ name, arguments: args }] });
const over = (to: string): object => calling(`handoff_to_${to}`, { reason: 'pays', message: 'please' });

/** One run of each kind there is, by name, each as it ended or waits. */
export async function manyKinds(desk: Desk): Promise<{ readonly [kind: string]: RunId }> {
  const { tenant, db } = desk.scenario;
  await desk.scenario.activate(asking);
  const runs: { [kind: string]: RunId } = {};
  const play = async (kind: string, turns: readonly object[], more: object = {}): Promise<RunId> =>
    (runs[kind] = await desk.start({ workflow: 'desk', input: say(desk, `many-${kind}`, turns), ...more }));
  await play('paid', [calling('pay', { order: '#1' }), { text: 'Paid, with a chargeback "dispute" noted.' }]);
  await play('refused', [calling('pay', { order: '#2' }), { text: 'I may not.' }]);
  await play('handed_over', [over('cashier'), calling('look'), { text: 'Looked.' }]);
  await play('handed_back', [over('cashier'), over('clerk'), { text: 'It stays with me.' }]);
  await play('retried', [calling('throws'), { text: 'No luck.', faults: [{ type: 'status', status: 500 }] }]);
  await play('spent', [{ calls: Array.from({ length: 3 }, () => ({ name: 'look' })) }], { budget: { tool_calls: 1 } });
  await play('asks', [calling('quiet'), { text: 'never said' }]);
  await play('unknown', [calling('hangs_hard'), { text: 'never said' }]);
  runs['waits'] = await desk.start({ workflow: 'waits' });
  runs['late'] = await desk.start({ workflow: 'waits', deadlineMs: 200 });
  runs['told'] = await desk.start({ workflow: 'waits_then_looks' });
  runs['cancelled'] = await desk.start({ workflow: 'waits' });
  runs['looks'] = await desk.start({ workflow: 'look_twice', caller: desk.as('user:bob') });
  await desk.stands(runs['told'], 'waiting_external');
  await desk.stands(runs['cancelled'], 'waiting_external');
  const boss = desk.as('user:boss');
  await desk.engine.commands.signal({
    tenant,
    run: runs['told'],
    name: 'go',
    payload: { said: 'go on' },
    caller: boss,
  });
  await desk.engine.commands.cancel({ tenant, run: runs['cancelled'], reason: 'not needed', caller: boss });
  for (const kind of ['paid', 'refused', 'handed_over', 'handed_back', 'retried', 'told', 'looks']) {
    await desk.stands(runs[kind]!, 'succeeded');
  }
  await desk.stands(runs['spent']!, 'failed');
  await desk.stands(runs['asks']!, 'waiting_approval');
  await desk.stands(runs['unknown']!, 'waiting_reconciliation');
  await desk.stands(runs['waits'], 'waiting_external');
  await desk.stands(runs['late'], 'timed_out');
  await desk.stands(runs['cancelled'], 'cancelled');
  const stop = { tenant, scope: 'tool', target: 'look', reason: 'a drill', author: OWNER } as const;
  await db.withTenant(tenant, (tx) => setStop(tx, stop));
  await desk.engine.authority.refresh(tenant);
  runs['stopped'] = await desk.start({ workflow: 'look_twice' });
  await desk.stands(runs['stopped'], 'paused');
  return runs;
}
