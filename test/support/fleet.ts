import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { runMigrations, startEmbeddedPostgres } from '@writ/database';
import type { RunId, TenantId } from '@writ/kernel';
import { type Child, effectOf, person, startWorkerProcess, type WorkerSetup } from './crash-world';
import { keep } from './keep';
import { startRelay } from './relay';
import type { Scenario } from './scenario';

const portOf = (url: string): number => Number(new URL(url).port);

/** A durable Postgres of the test's own that can be killed and comes back behind the same address. */
export interface OwnPostgres {
  readonly url: string;
  /** Kills the server, and everything that was connected to it; resolves when it serves again. */
  crash(): Promise<void>;
  /** Kills the server and leaves it dead. */
  kill(): void;
  close(): Promise<void>;
}

export async function ownPostgres(): Promise<OwnPostgres> {
  const dir = mkdtempSync(join(tmpdir(), 'writ-fleet-'));
  const letGo = keep(dir, 'cluster');
  const relay = await startRelay();
  const options = { dir, maxConnections: 200 };
  let cluster = await startEmbeddedPostgres(options);
  relay.point(portOf(cluster.url));
  const url = new URL(cluster.url);
  url.port = String(relay.port);
  await runMigrations(url.href);
  const kill = (): void => {
    process.kill(cluster.pid, 'SIGKILL');
    relay.point(null);
    relay.cut();
  };
  return {
    url: url.href,
    kill,
    async crash() {
      kill();
      await new Promise((resolve) => setTimeout(resolve, 300));
      cluster = await startEmbeddedPostgres(options);
      relay.point(portOf(cluster.url));
    },
    async close() {
      await relay.close();
      await cluster.stop();
      letGo();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Worker processes, any of which may be killed, frozen or stopped at any time; a new one takes its place. */
export class Fleet {
  private constructor(
    readonly setup: WorkerSetup,
    readonly workers: Child[],
  ) {}

  static async start(setup: WorkerSetup, count: number): Promise<Fleet> {
    return new Fleet(setup, await Promise.all(Array.from({ length: count }, () => startWorkerProcess(setup))));
  }

  async kill(index: number): Promise<void> {
    await this.workers[index]!.kill('SIGKILL');
    this.workers[index] = await this.#supervised();
  }

  /** Starts again until it stands, as a supervisor does: the database may be away. */
  async #supervised(): Promise<Child> {
    for (;;) {
      try {
        return await startWorkerProcess(this.setup);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill('SIGKILL')));
  }
}

export interface Asked {
  readonly tenant: TenantId;
  readonly workflow: string;
  /** Starts under way at once. */
  readonly abreast?: number;
}

/** Starts runs and answers their ids; a start whose answer was lost is sent again under its key. */
export async function startMany(scenario: Scenario, count: number, asked: Asked): Promise<RunId[]> {
  const runs: RunId[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) runs.push(await startOne(scenario, asked, i));
  };
  await Promise.all(Array.from({ length: asked.abreast ?? 8 }, one));
  return runs;
}

let started = 0;

async function startOne(scenario: Scenario, { tenant, workflow }: Asked, i: number): Promise<RunId> {
  const caller = { ...scenario.caller, tenant };
  const idempotencyKey = `fleet ${++started}`;
  for (;;) {
    try {
      const answer = await scenario.engine.commands.start({ tenant, caller, workflow, input: { i }, idempotencyKey });
      if (answer.ok) return answer.value.run;
      if (answer.failure.class !== 'transient') throw new RefusedError(answer.failure.message);
    } catch (error) {
      // The database is away, or the answer of the start is: the key makes the next one harmless.
      if (error instanceof RefusedError) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

class RefusedError extends Error {}

/** Answers what waits for a person the way a careful one would: by looking at the other side. */
export async function reconcileAll(scenario: Scenario, counter: string, outsider = scenario.outsider): Promise<void> {
  const { rows } = await outsider.query<{ id: RunId; wait: string }>(
    `select id, wait from writ.run where status = 'waiting_reconciliation'`,
  );
  const due = rows
    .map(({ id, wait }) => ({ id, ...(JSON.parse(wait) as { step: number; attempt: number; not_before: number }) }))
    .filter((one) => Date.now() >= one.not_before);
  for (const { id, step, attempt } of due) {
    const happened = (await effectOf(counter, `${id}.${step}`)).arrivals > 0;
    await scenario.engine.commands.reconcile({
      tenant: scenario.tenant,
      caller: person(scenario.tenant),
      run: id,
      step,
      attempt,
      verdict: happened ? 'happened' : 'did_not_happen',
      result: { count: 1 },
      note: 'looked at the other side',
    });
  }
}

export async function unfinished(outsider: Client): Promise<number> {
  const { rows } = await outsider.query<{ n: number }>(
    `select count(*)::int n from writ.run where finished_at is null`,
  );
  return rows[0]!.n;
}
