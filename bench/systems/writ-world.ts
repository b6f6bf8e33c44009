import { createTenant, openDatabase, runMigrations } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { activatePolicy, type PolicyBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { W5_STEPS } from '../workload';

const TENANTS = 20;
export const CALLER = 'user:caller';
const AUTHOR = 'user:author';

/** Each step needs two grants: the agent's own and the initiator's. */
const policy: PolicyBundle = {
  rules: [
    `p, ${CALLER}, {tenant}, workflow:w5, run.start, , allow, ,`,
    `p, ${CALLER}, {tenant}, tool:step, tool.invoke, , allow, ,`,
    'p, agent:clerk, {tenant}, tool:step, tool.invoke, , allow, ,',
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

const accountable = { owner: 'bench', purpose: 'five governed steps that do nothing' };
const documents = [
  { kind: 'model', name: 'none', model: 'none' },
  { kind: 'tool', name: 'step', effect: 'idempotent', endpoint: { type: 'function', function: 'step' } },
  { kind: 'agent', name: 'clerk', ...accountable, model: 'none', instructions: '', tools: ['step'] },
  {
    kind: 'workflow',
    name: 'w5',
    ...accountable,
    root: {
      type: 'sequence',
      steps: Array.from({ length: W5_STEPS }, (_, i) => ({
        id: `s${i}`,
        node: { type: 'tool', tool: 'step', agent: 'clerk', args: { step: i } },
      })),
    },
  },
];

async function makeTenant(db: Awaited<ReturnType<typeof openDatabase>>, index: number): Promise<TenantId> {
  const tenant = newId('tenant');
  await db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: `bench ${index}` }));
  await db.withTenant(tenant, async (tx) => {
    const active = await activatePolicy(tx, { tenant, bundle: policy, author: AUTHOR });
    if (!active.ok) throw new Error(active.failure.message);
    const published = await publish(tx, { tenant, author: AUTHOR, documents });
    if (!published.ok) throw new Error(published.failure.message);
  });
  return tenant;
}

/** Prepares the database in a process of its own: what a control plane once did is no part of a worker's memory. */
async function main(url: string): Promise<void> {
  await runMigrations(url);
  const db = await openDatabase({ url, role: 'writer' });
  const tenants: TenantId[] = [];
  for (let i = 0; i < TENANTS; i++) tenants.push(await makeTenant(db, i));
  await db.close();
  process.send?.(tenants);
}

if (require.main === module) void main(process.argv[2]!).then(() => process.disconnect());
