import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { logger } from '@writ/telemetry';
import type { Unit } from '../unit';
import { Call, type CallConfig } from './call';
import { verdictOf, type Verdict } from './sqlstate';
import { commitStatement, loneStatement, readAnswers, type UnitAnswer } from './statement';

export type Sent =
  | { readonly kind: 'answered'; readonly answers: readonly UnitAnswer[] }
  | { readonly kind: 'failed'; readonly verdict: Verdict; readonly error: Error };

export interface WriterOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Without an answer for this long the connection counts as lost. Sending again is safe, so it may be too short. */
  readonly answerTimeoutMs: number;
}

/** As Postgres writes it. */
const TRUE = 't';
const COMMITTED: UnitAnswer = { answer: 'committed' };
const BACKOFF_MS = { first: 20, most: 2_000 };
const log = logger('database.writer');

/**
 * One connection of the group commit. A plain `pg` client: on this path TypeORM's query runner would add its logger and
 * its subscribers to every call, and prepared statements and binary parameters are not its business.
 */
export class WriterConnection {
  #client: Client | null = null;
  #closed = false;

  constructor(private readonly options: WriterOptions) {}

  get connected(): boolean {
    return this.#client !== null;
  }

  async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.options.url,
      application_name: this.options.applicationName,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    client.on('error', () => this.#forget(client));
    client.on('end', () => this.#forget(client));
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
  }

  /** For the checks at start-up. */
  async query(text: string): Promise<{ rows: unknown[] }> {
    if (!this.#client) throw new Error('there is no connection');
    return this.#client.query(text);
  }

  #forget(client: Client): void {
    if (this.#client === client) this.#client = null;
  }

  /**
   * Sends a batch and waits for the end of its transaction: `pg` resolves on ReadyForQuery, which the server sends after
   * COMMIT, so an answer means durable. Never throws for what the server or the network does, only for an answer that
   * does not fit the batch.
   */
  async send(units: readonly Unit[]): Promise<Sent> {
    const client = this.#client;
    if (!client) return { kind: 'failed', verdict: 'lost', error: new Error('there is no connection') };
    let statement: CallConfig;
    try {
      const lone = loneStatement(units);
      if (lone) {
        const sent = await this.#ask(client, lone);
        if ('failed' in sent) return sent.failed;
        if (sent.answer === TRUE) return { kind: 'answered', answers: [COMMITTED] };
      }
      statement = commitStatement(units);
    } catch (error) {
      return { kind: 'failed', verdict: 'defect', error: error as Error };
    }
    const sent = await this.#ask(client, statement);
    return 'failed' in sent ? sent.failed : { kind: 'answered', answers: readAnswers(sent.answer, units.length) };
  }

  #ask(
    client: Client,
    statement: CallConfig,
  ): Promise<{ readonly answer: string | null } | { readonly failed: Extract<Sent, { kind: 'failed' }> }> {
    return new Promise((resolve) => {
      const failed = (error: Error, verdict = verdictOf(error), close = verdict === 'lost'): void => {
        clearTimeout(timer);
        if (close) this.#abandon(client);
        resolve({ failed: { kind: 'failed', verdict, error } });
      };
      const { answerTimeoutMs } = this.options;
      const timer = setTimeout(() => failed(new Error(`no answer within ${answerTimeoutMs} ms`)), answerTimeoutMs);
      try {
        Call.send(client, statement, (error, answer) => {
          if (error) return failed(error);
          clearTimeout(timer);
          resolve({ answer });
        });
      } catch (error) {
        // What cannot be encoded: the connection stands in the middle of a message.
        failed(error as Error, 'defect', true);
      }
    });
  }

  /** The socket is destroyed, not ended: a graceful goodbye would wait for the server that does not answer. */
  #abandon(client: Client): void {
    this.#forget(client);
    const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
    stream.destroy();
  }

  /** Connects again, however long it takes; false once closed. */
  async reconnect(): Promise<boolean> {
    for (let wait = BACKOFF_MS.first; !this.#closed; wait = Math.min(wait * 2, BACKOFF_MS.most)) {
      try {
        await this.connect();
        return true;
      } catch (error) {
        log.warn({ error: (error as Error).message, retry_ms: wait }, 'the database is not reachable; effects wait');
        await sleep(wait);
      }
    }
    return false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }
}
