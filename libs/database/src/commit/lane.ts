import { Client } from 'pg';
import { logger } from '@writ/telemetry';
import type { Unit } from '../unit';
import { COMMIT_STATEMENT, commitParameters } from './statement';

const FIRST_BACKOFF_MS = 20;
const LONGEST_BACKOFF_MS = 1_000;
const log = logger('group-commit');

/** One letter per unit, as `writ.commit_units` answers; or the SQLSTATE for which the database refused the batch. */
export type LaneAnswer = { readonly letters: string } | { readonly refusedData: string };

export class LaneClosed extends Error {}

const stateOf = (error: unknown): string => {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '';
};

/** What a SQLSTATE asks for. Class 22, 23, 54: our data. 40, 55P03: try again. 08, 53, 57, or none: not our fault, wait. */
function kindOf(error: unknown): 'data' | 'again' | 'lost' | 'bug' {
  const state = stateOf(error);
  if (/^(22|23|54)/.test(state)) return 'data';
  if (/^(40001|40P01|55P03)$/.test(state)) return 'again';
  if (state === '' || /^(08|53|57)/.test(state)) return 'lost';
  return 'bug';
}

/**
 * One connection that commits batches. A plain `pg` client: the hot path is one prepared statement with binary
 * parameters, and an ORM's layers would cost more than the statement does.
 */
export class Lane {
  #client: Client | null = null;
  #closed = false;

  constructor(private readonly url: string) {}

  /**
   * Sends a batch until it is answered. INVARIANT: when the connection breaks, the outcome is unknown, and nothing read
   * then would settle it: the old backend may still be at work. The same units are sent again; each is applied once.
   */
  async send(units: readonly Unit[]): Promise<LaneAnswer> {
    const values = commitParameters(units);
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)) {
      if (this.#closed) throw new LaneClosed('the group commit is closed');
      try {
        const client = (this.#client ??= await this.#connect());
        const { rows } = await client.query<{ answer: string }>({ ...COMMIT_STATEMENT, values });
        return { letters: rows[0]!.answer };
      } catch (error) {
        const kind = kindOf(error);
        if (kind === 'data') return { refusedData: stateOf(error) };
        if (kind === 'bug') throw error;
        if (kind === 'lost') this.#drop();
        log.warn(
          { error: (error as Error).message, units: units.length },
          'a commit was not answered; sending it again',
        );
        await new Promise((resolve) => setTimeout(resolve, backoff));
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.url,
      application_name: 'writ group commit',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    // Without a listener a broken idle connection would end the process; the next batch opens another.
    client.on('error', () => {
      if (this.#client === client) this.#client = null;
    });
    await client.connect();
    return client;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    void client?.end().catch(() => undefined);
  }
}
