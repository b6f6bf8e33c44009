import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { PostgresShop } from './postgres-shop';
import { TOOLS } from './tools';

export interface Call {
  readonly tool: string;
  readonly args: { readonly [name: string]: unknown };
  /** The caller's idempotency key; a call without one is its own. */
  readonly key: string | undefined;
  /** The run it was made for, as the caller says; kept for the record only. */
  readonly run: string | undefined;
}

export interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

/** The same key with another call is a caller's mistake: answering it with the first call's answer would hide it. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused';
}

const FAULTS = new Set(['ValueError', 'SyntaxError', 'ZeroDivisionError', 'OverflowError']);

/**
 * Performs a call at most once per key. The key's row is inserted first and locks every other call with that key until
 * this one ends; its answer is stored by the same commit that keeps its effect. So a call repeated after a lost answer
 * gets the first answer, and a call that died before its commit left nothing and runs now.
 */
export async function perform(pool: Pool, call: Call): Promise<Answer> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const answer = await once(client, call);
    await client.query('COMMIT');
    return answer;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

async function once(client: PoolClient, call: Call): Promise<Answer> {
  const key = call.key ?? `none:${randomUUID()}`;
  const args = JSON.stringify(call.args);
  const { rows } = await client.query<{ tool: string; args: string; asked: number; answer: string | null }>(
    `INSERT INTO retail.call_log AS log (key, tool, args, run) VALUES ($1, $2, $3, $4)
     ON CONFLICT (key) DO UPDATE SET asked = log.asked + 1 RETURNING tool, args, asked, answer`,
    [key, call.tool, args, call.run ?? null],
  );
  const log = rows[0];
  if (log?.answer) {
    if (log.tool !== call.tool || log.args !== args) throw new KeyReused(`key ${key} was used for another call`);
    return JSON.parse(log.answer) as Answer;
  }
  const answer = await run(client, call);
  await client.query('UPDATE retail.call_log SET answer = $2, effects = effects + 1 WHERE key = $1', [
    key,
    JSON.stringify(answer),
  ]);
  return answer;
}

async function run(client: PoolClient, call: Call): Promise<Answer> {
  const tool = TOOLS.get(call.tool);
  if (!tool) throw new Error(`no tool named ${call.tool}`);
  try {
    const result = await tool.run(new PostgresShop(client, tool.writes), call.args as never);
    return { text: typeof result === 'string' ? result : JSON.stringify(result), isError: false };
  } catch (error) {
    // A refusal in the shop's own words was raised before anything was saved, so it may be committed as the answer.
    if (error instanceof Error && FAULTS.has(error.name)) {
      return { text: `${error.name}: ${error.message}`, isError: true };
    }
    throw error;
  }
}
