import type { TenantId } from '@writ/kernel';
import { shownEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import { Looker } from './looker';
import { Follower, MOST_AT_ONCE, MOST_KEPT, type Sequenced, Topic } from './topic';

/** A sealed event, at its place. */
export interface LogItem extends Sequenced {
  readonly shown: ReturnType<typeof shownEvent>;
}

/**
 * Places in a log that may be opened anew: generation and index as one number that only grows. In the first generation
 * it is the index.
 */
const PER_GENERATION = 2 ** 40;
export const sequenceOf = (generation: number, index: number): number => (generation - 1) * PER_GENERATION + index;
export const generationOf = (sequence: number): number => Math.floor(Math.max(sequence, 0) / PER_GENERATION) + 1;

interface FollowedLog {
  readonly tenant: TenantId;
  readonly generation: number;
  readonly topic: Topic<LogItem>;
}

interface Head {
  readonly tenant: TenantId;
  readonly generation: number;
  readonly size: number;
}

/** Follows tenants' sealed logs: the one channel of what happens in a tenant. */
export class LogFeed {
  readonly #followed = new Map<TenantId, FollowedLog>();
  readonly #looker = new Looker(
    'followed logs',
    () => this.#followed.keys(),
    (keys) => this.#look(keys as TenantId[]),
  );

  constructor(private readonly db: Database) {}

  /** Where a tenant's log stands: generation, and how many events it holds. */
  async head(tenant: TenantId): Promise<Omit<Head, 'tenant'>> {
    const [head] = await this.db.withTenant(tenant, (tx) => readHeads(tx, [tenant]));
    return head ?? { generation: 1, size: 0 };
  }

  /** Follows the log of a generation from after a sequence. Close it after use. */
  follow(tenant: TenantId, generation: number, after: number): Follower<LogItem> {
    let followed = this.#followed.get(tenant);
    if (followed?.generation !== generation) {
      followed = { tenant, generation, topic: new Topic((from) => this.#read(tenant, generation, from)) };
      this.#followed.set(tenant, followed);
    }
    const { topic } = followed;
    const follower = new Follower(topic, after, () => {
      if (topic.followers.size === 0 && this.#followed.get(tenant)?.topic === topic) this.#followed.delete(tenant);
    });
    this.#looker.changed(tenant);
    return follower;
  }

  get size(): number {
    return this.#followed.size;
  }

  async close(): Promise<void> {
    for (const { topic } of [...this.#followed.values()]) for (const follower of topic.followers) follower.close();
    await this.#looker.close();
  }

  #read(tenant: TenantId, generation: number, from: number): Promise<readonly LogItem[]> {
    return this.db.withTenant(tenant, (tx) => readLog(tx, { tenant, generation, from, limit: MOST_AT_ONCE }));
  }

  async #look(tenants: readonly TenantId[]): Promise<void> {
    const logs = tenants.flatMap((tenant) => this.#followed.get(tenant) ?? []);
    if (logs.length === 0) return;
    await this.db.withTenant(
      logs.map(({ tenant }) => tenant),
      async (tx) => {
        const heads = new Map((await readHeads(tx, tenants)).map((head) => [head.tenant, head]));
        for (const { tenant, generation, topic } of logs) {
          const head = heads.get(tenant);
          // Opened anew: what was followed is over, and its followers come back to the new one.
          const over = head !== undefined && head.generation !== generation;
          const next = head && !over ? sequenceOf(generation, head.size) : 0;
          const from = topic.head === 0 ? Math.max(sequenceOf(generation, 0), next - MOST_KEPT) : topic.head;
          const news = next > topic.head ? await readLog(tx, { tenant, generation, from, limit: MOST_KEPT }) : [];
          topic.take(news, over);
          if (over) this.#followed.delete(tenant);
          else if (topic.head < next) this.#looker.changed(tenant);
        }
      },
    );
  }
}

const readHeads = (tx: Tx, tenants: readonly TenantId[]): Promise<Head[]> =>
  tx.query<Head>(`SELECT tenant, generation, size::float8 AS size FROM writ.log_head WHERE tenant = ANY ($1::text[])`, [
    tenants,
  ]);

/** Sealed events by index; whole spans of units are read, since those are the rows. */
async function readLog(
  tx: Tx,
  asked: { readonly tenant: TenantId; readonly generation: number; readonly from: number; readonly limit: number },
): Promise<LogItem[]> {
  const { tenant, generation, limit } = asked;
  const from = asked.from - sequenceOf(generation, 0);
  const rows = await tx.query<{ first: number; events: string }>(
    `SELECT (l.first_index + u.seq - l.seq)::float8 AS first, writ.audit_lines(u) AS events FROM writ.log_span l
       JOIN writ.audit_unit u ON u.tenant = l.tenant AND u.run = l.run AND u.seq >= l.seq AND u.seq < l.seq + l.count
      WHERE l.tenant = $1 AND l.generation = $2 AND l.first_index < $3 + $4::int
        AND l.first_index >= coalesce((SELECT max(first_index) FROM writ.log_span
                                        WHERE tenant = $1 AND generation = $2 AND first_index <= $3), 0)
      ORDER BY 1`,
    [tenant, generation, from, limit],
  );
  const items = rows.flatMap(({ first, events }) =>
    events
      .split('\n')
      .map((line, i) => ({ sequence: sequenceOf(generation, first + i), shown: shownEvent(line, first + i) })),
  );
  return items.filter(({ sequence }) => sequence >= asked.from).slice(0, limit);
}
