import { Client } from 'pg';
import { appendTenantEvent } from '@writ/audit';
import type { TenantId } from '@writ/kernel';
import { Ledger, newTenant } from '../support/ledger';
import { logHome, type LogHome, openSequencer, type OpenSequencer, unsealedUnits } from '../support/log-world';
import { creating, following } from '../support/units';
import { until } from '../support/until';
import { verifyLog } from '../support/verify-log';

let ledger: Ledger;
let home: LogHome;
const open: OpenSequencer[] = [];

beforeEach(async () => {
  ledger = await Ledger.open();
  home = logHome();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await ledger.close();
  home.remove();
});

const start = async (...args: Parameters<typeof openSequencer> extends [string, LogHome, ...infer R] ? R : never) => {
  const one = await openSequencer(ledger.fresh.url, home, ...args);
  open.push(one);
  return one;
};

const sealed = (): Promise<void> =>
  until('every unit to be sealed', async () => (await unsealedUnits(ledger.outsider)) === 0, 10_000);

async function produce(runs: number, steps: number): Promise<void> {
  let units = await Promise.all(Array.from({ length: runs }, () => ledger.run()));
  for (let step = 0; step < steps; step++) units = await Promise.all(units.map((unit) => ledger.put(following(unit))));
}

const event = { type: 'access.read', actor: 'user:somebody', action: 'audit.read' } as const;
const append = (tenant: TenantId): Promise<void> =>
  ledger.db.withTenant(tenant, (tx) => appendTenantEvent(tx, tenant, event));

describe('the log', () => {
  it('[I9] seals every event once, in contiguous order, over more tiles than one', async () => {
    await start();
    await produce(40, 20);
    for (let i = 0; i < 5; i++) await append(ledger.tenant);
    await sealed();
    const [log] = (await verifyLog(ledger.outsider, { outside: home.checkpoints, allSealed: true })).filter(
      ({ tenant }) => tenant === ledger.tenant,
    );
    expect(log).toMatchObject({ size: 40 * 21 + 5, unsealed: 0 });
  });
});
void [Client, newTenant, creating];
