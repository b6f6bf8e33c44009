import { createTenant, openDatabase, runMigrations } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { activatePolicy, type PolicyBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { F8_BRANCHES, W5_STEPS } from '../workload';

const TENANTS = 20;
export const LONG_STEPS = 10_000;
export const CALLER = 'user:caller';
export const AUTHOR = 'user:author';

/** Each step needs two grants: the agent's own and the initiator's. */
export const policy: PolicyBundle = {
  rules: [
    `p, ${CALLER}, {tenant}, workflow:*, run.start, , allow, ,`,
    `p, ${CALLER}, {tenant}, run:*, run.signal, , allow, ,`,
    `p, ${CALLER}, {tenant}, tool:step, tool.invoke, , allow, ,`,
    'p, agent:clerk, {tenant}, tool:step, tool.invoke, , allow, ,',
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

const accountable = { owner: 'bench', purpose: 'five governed steps that do nothing' };
const step = (i: number): object => ({ type: 'tool', tool: 'step', agent: 'clerk', args: { step: i } });
const inTurn = (count: number): object[] => Array.from({ length: count }, (_, i) => ({ id: `s${i}`, node: step(i) }));
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });
const tools = [
  { kind: 'model', name: 'none', model: 'none' },
  { kind: 'tool', name: 'step', effect: 'idempotent', endpoint: { type: 'function', function: 'step' } },
  { kind: 'agent', name: 'clerk', ...accountable, model: 'none', instructions: '', tools: ['step'] },
];

/** What runs can be, by the name of the workload. */
const WORKFLOWS = {
  w5: () => workflow('w5', { type: 'sequence', steps: inTurn(W5_STEPS) }),
  f8: () =>
    workflow('f8', {
      type: 'fanout',
      branches: Array.from({ length: F8_BRANCHES }, (_, i) => ({ key: `b${i}`, node: step(i) })),
      merge: { policy: 'reduce', node: step(F8_BRANCHES) },
    }),
  /** Started and led as W5 is; or rests first, until it is rung for. */
  bell: () => [
    workflow('w5', { type: 'sequence', steps: inTurn(W5_STEPS) }),
    workflow('rests', {
      type: 'sequence',
      steps: [{ id: 'rest', node: { type: 'wait', signal: 'go' } }, ...inTurn(W5_STEPS)],
    }),
  ],
  waits: () => workflow('waits', { type: 'wait', signal: 'go' }),
  // A loop goes round a thousand times at most: ten of them in turn, then a pause to resume from.
  long: () =>
    workflow('long', {
      type: 'sequence',
      steps: [
        ...Array.from({ length: LONG_STEPS / 1_000 }, (_, i) => ({
          id: `part${i}`,
          node: {
            type: 'loop',
            max: 1_000,
            exhausted: 'last',
            node: { type: 'tool', tool: 'step', agent: 'clerk', args: { step: { $from: '/loop/index' } } },
          },
        })),
        { id: 'pause', node: { type: 'wait', signal: 'go' } },
        { id: 'last', node: step(LONG_STEPS) },
      ],
    }),
} as const;
export type World = keyof typeof WORKFLOWS;

export const documentsOf = (world: World): readonly object[] => [...tools, ...[WORKFLOWS[world]()].flat()];

async function makeTenant(
  db: Awaited<ReturnType<typeof openDatabase>>,
  world: World,
  index: number,
): Promise<TenantId> {
  const tenant = newId('tenant');
  await db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: `bench ${index}` }));
  await db.withTenant(tenant, async (tx) => {
    const active = await activatePolicy(tx, { tenant, bundle: policy, author: AUTHOR });
    if (!active.ok) throw new Error(active.failure.message);
    const published = await publish(tx, { tenant, author: AUTHOR, documents: documentsOf(world) });
    if (!published.ok) throw new Error(published.failure.message);
  });
  return tenant;
}

/** Prepares the database in a process of its own: what a control plane once did is no part of a worker's memory. */
async function main(url: string, world: World): Promise<void> {
  await runMigrations(url);
  const db = await openDatabase({ url, role: 'writer' });
  const tenants: TenantId[] = [];
  for (let i = 0; i < (world === 'long' ? 1 : TENANTS); i++) tenants.push(await makeTenant(db, world, i));
  await db.close();
  process.send?.(tenants);
}

if (require.main === module) void main(process.argv[2]!, process.argv[3] as World).then(() => process.disconnect());
