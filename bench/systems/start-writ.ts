import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase, runMigrations } from '@writ/database';
import { bootstrapTenant } from '@writ/identity';
import { newId } from '@writ/kernel';
import { activatePolicy } from '@writ/policy';
import { publish } from '@writ/registry';
import { serve } from '../serve';
import { startOf } from '../shipped';
import { poster } from './http-load';
import { AUTHOR, CALLER, documentsOf, policy } from './writ-world';

const KEY_MS = 86_400_000;
const MAIN = join(__dirname, '..', '..', 'apps', 'control-plane', 'src', 'main.js');

/** `POST /v1/runs` of the control plane as a process of its own: decided, recorded and durable when it answers. */
serve(async ({ url }) => {
  await runMigrations(url);
  const db = await openDatabase({ url, role: 'writer' });
  const tenant = newId('tenant');
  const now = Date.now();
  const opened = await db.withTenant(tenant, (tx) =>
    bootstrapTenant(tx, {
      tenant,
      name: 'bench',
      now,
      administrator: {
        label: 'bench',
        principal: CALLER,
        kind: 'user',
        roles: [],
        scopes: ['*'],
        expiresAt: now + KEY_MS,
      },
      activatePolicy: (within) => activatePolicy(within, { tenant, bundle: policy, author: AUTHOR }),
    }),
  );
  if (!opened.ok) throw new Error(opened.failure.message);
  const published = await db.withTenant(tenant, (tx) =>
    publish(tx, { tenant, author: AUTHOR, documents: documentsOf('w5') }),
  );
  if (!published.ok) throw new Error(published.failure.message);
  await db.close();
  const { flags, env: machine } = startOf('control-plane');
  const env = { ...process.env, ...machine, DATABASE_URL: url, WRIT_PORT: '0', WRIT_LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [...flags, MAIN], { env, stdio: ['ignore', 2, 'pipe'] });
  const address = await listening(child.stderr!);
  const load = poster({
    url: address,
    path: '/v1/runs',
    headers: { authorization: `Bearer ${opened.value.token ?? ''}` },
  });
  return {
    op: () => load.post({ workflow: 'w5', input: {} }, 201),
    async close() {
      load.close();
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
});

async function listening(out: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: out });
    lines.on('line', (line) => {
      const found = /"url":"(http:[^"]+)"/.exec(line);
      if (found) resolve(found[1]!);
    });
    lines.on('close', () => reject(new Error('the control plane ended before it listened')));
  });
}
