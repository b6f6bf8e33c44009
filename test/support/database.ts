import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { runMigrations } from '@writ/database';
export async function freshDatabase(): Promise<{ url: string; ownerUrl: string; drop(): Promise<void> }> {
  const admin = process.env['WRIT_TEST_CLUSTER']!;
  const name = `t_${randomBytes(6).toString('hex')}`;
  const c = new Client(admin); await c.connect(); await c.query(`create database ${name}`); await c.end();
  const u = new URL(admin); u.pathname = `/${name}`;
  await runMigrations(u.href);
  return { url: u.href, ownerUrl: u.href, drop: async () => { const d = new Client(admin); await d.connect(); await d.query(`drop database if exists ${name} with (force)`); await d.end(); } };
}
