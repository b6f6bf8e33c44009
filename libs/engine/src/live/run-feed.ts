import type { RunId, TenantId } from '@writ/kernel';
import type { Database } from '@writ/database';
import type { EventView } from '../api';
import type { RunStarted } from '../events';
import { readAdditions, readEventsFrom } from './event-reader';
import { Looker } from './looker';
import { RunWatch } from './run-watch';
import { readSaid, type SaidRow } from './said';
import { Follower, MOST_AT_ONCE, MOST_KEPT, Topic } from './topic';

interface FollowedRun {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly started: RunStarted;
  readonly topic: Topic<EventView>;
  /** Those who also watch what is said, and the newest of it that each was given. */
  readonly watches: Map<RunWatch, number>;
}

interface Standing {
  readonly id: RunId;
  readonly next: number;
  readonly over: boolean;
}

const keyOf = (tenant: TenantId, run: RunId): string => `${tenant} ${run}`;

/**
 * Follows the journals of runs for whoever watches them: one look per process at all of them, and one at once at those
 * whose units this process commits. The journal is the only source, so nothing that was missed here is lost: a
 * follower's place is a sequence, and what comes after it is read.
 */
export class RunFeed {
  readonly #followed = new Map<string, FollowedRun>();
  readonly #looker = new Looker(
    'followed runs',
    () => this.#followed.keys(),
    (keys) => this.#look(keys),
  );

  constructor(private readonly db: Database) {}

  /** Follows a run from after a sequence (-1: from its start). Null when there is no such run. Close it after use. */
  async follow(tenant: TenantId, run: RunId, after: number): Promise<Follower<EventView> | null> {
    const key = keyOf(tenant, run);
    if (!this.#followed.has(key)) {
      const read = await readEventsFrom(this.db, { tenant, run, from: 0, limit: 1, started: null });
      if (!read) return null;
      if (!this.#followed.has(key)) this.#followed.set(key, this.#begin(tenant, run, read.started));
    }
    const { topic } = this.#followed.get(key)!;
    const follower = new Follower(topic, after, () => {
      if (topic.followers.size === 0 && this.#followed.get(key)?.topic === topic) this.#followed.delete(key);
    });
    this.#looker.changed(key);
    return follower;
  }

  /** As `follow`, with what models say while they say it. */
  async watch(tenant: TenantId, run: RunId, after: number): Promise<RunWatch | null> {
    const follower = await this.follow(tenant, run, after);
    if (!follower) return null;
    const watches = this.#followed.get(keyOf(tenant, run))?.watches;
    const watch = new RunWatch(follower, (gone) => watches?.delete(gone));
    watches?.set(watch, 0);
    this.#looker.changed(keyOf(tenant, run));
    return watch;
  }

  /** A unit of the run was committed by this process: whoever follows it need not wait for the next look. */
  changed(tenant: TenantId, run: RunId): void {
    if (this.#followed.size === 0) return;
    const key = keyOf(tenant, run);
    if (this.#followed.has(key)) this.#looker.changed(key);
  }

  /** How many runs are followed. */
  get size(): number {
    return this.#followed.size;
  }

  /** Lets everybody who waits go, without an event. */
  async close(): Promise<void> {
    for (const { topic } of [...this.#followed.values()]) for (const follower of topic.followers) follower.close();
    await this.#looker.close();
  }

  #begin(tenant: TenantId, run: RunId, started: RunStarted): FollowedRun {
    const read = async (from: number): Promise<readonly EventView[]> =>
      (await readEventsFrom(this.db, { tenant, run, from, limit: MOST_AT_ONCE, started }))?.events ?? [];
    return { tenant, run, started, topic: new Topic(read), watches: new Map() };
  }

  async #look(keys: readonly string[]): Promise<void> {
    const runs = keys.flatMap((key) => this.#followed.get(key) ?? []).filter(({ topic }) => !topic.over);
    if (runs.length === 0) return;
    const tenants = [...new Set(runs.map(({ tenant }) => tenant))];
    const { standing, added, said } = await this.db.withTenant(tenants, async (tx) => {
      const rows = await tx.query<Standing>(
        `SELECT r.id, r.next_seq AS next, r.finished_at IS NOT NULL AS over
           FROM unnest($1::text[], $2::text[]) AS w (tenant, run)
           JOIN LATERAL (SELECT * FROM writ.run r WHERE r.tenant = w.tenant AND r.id = w.run OFFSET 0) r ON true`,
        [runs.map(({ tenant }) => tenant), runs.map(({ run }) => run)],
      );
      const seen = new Map(rows.map((row) => [row.id, row]));
      const places = runs.flatMap(({ tenant, run, started, topic }) => {
        const next = seen.get(run)?.next ?? 0;
        // Not seen before: its newest events are enough, since its followers read what was before by themselves.
        const from = topic.head === 0 ? Math.max(0, next - MOST_KEPT) : topic.head;
        return next > topic.head ? [{ tenant, run, started, from }] : [];
      });
      const watched = runs.flatMap(({ tenant, run, watches }) =>
        [...new Set(watches.values())].map((after) => ({ tenant, run, after })),
      );
      return {
        standing: seen,
        added: await readAdditions(tx, places),
        said: watched.length > 0 ? await readSaid(tx, watched) : null,
      };
    });
    for (const { tenant, run, topic, watches } of runs) {
      if (said) tell(run, watches, said);
      const news = added.get(run) ?? [];
      const { next, over } = standing.get(run) ?? { next: 0, over: false };
      const head = (news.at(-1)?.sequence ?? topic.head - 1) + 1;
      topic.take(news, over && head >= next);
      if (head < next) this.#looker.changed(keyOf(tenant, run));
    }
  }
}

function tell(run: RunId, watches: Map<RunWatch, number>, said: readonly SaidRow[]): void {
  for (const [watch, after] of watches) {
    const rows = said.filter((row) => row.run === run && row.after === after);
    const newest = rows.at(-1)?.seq;
    if (newest === undefined) continue;
    watches.set(watch, newest);
    watch.hear(rows.map(({ view }) => view));
  }
}
