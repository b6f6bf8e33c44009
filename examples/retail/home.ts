import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { runMigrations, startEmbeddedPostgres } from '@writ/database';

/** The two databases of this example: the product's, and the shop's, which the product never opens. */
export interface Home {
  readonly ownerUrl: string;
  readonly shopUrl: string;
  stop(): Promise<void>;
}

/**
 * With DATABASE_URL: that database, and for the shop RETAIL_DATABASE_URL, or the same one with a schema of its own.
 * Without: an embedded Postgres in a temporary folder, gone afterwards.
 */
export async function openHome(): Promise<Home> {
  const given = process.env['DATABASE_URL'];
  if (given) {
    await runMigrations(given);
    return { ownerUrl: given, shopUrl: process.env['RETAIL_DATABASE_URL'] ?? given, stop: () => Promise.resolve() };
  }
  const dir = join(tmpdir(), `writ-retail-${process.pid}`);
  const postgres = await startEmbeddedPostgres({ dir });
  const stop = async (): Promise<void> => {
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const [ownerUrl, shopUrl] = [await database(postgres.url, 'writ'), await database(postgres.url, 'shop')];
    await runMigrations(ownerUrl);
    return { ownerUrl, shopUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function database(url: string, name: string): Promise<string> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
