import { runMigrations } from '@writ/database';
import type { Context, Result } from '../command';
import { ownDatabase } from './postgres';

export async function runMigrate(context: Context): Promise<Result> {
  const own = await ownDatabase(context.io.env, { create: true });
  try {
    await runMigrations(own.url);
    return { output: { kind: 'one', row: { migrated: true, database: own.place }, id: own.place } };
  } finally {
    await own.close();
  }
}
