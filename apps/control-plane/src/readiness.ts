import { Admissions, checkSchema, type Database, liveWorkers } from '@writ/database';
import { logger } from '@writ/telemetry';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Whoever probes in a loop must not become a load of its own. */
const FRESH_MS = 500;

const log = logger('readiness');

/** Whether requests and runs will get on: the database answers, its schema is ours, a worker is alive. */
export class Readiness {
  private latest: { readonly at: number; readonly checks: Promise<readonly Check[]> } | null = null;

  constructor(private readonly database: Database) {}

  checks(): Promise<readonly Check[]> {
    const now = performance.now();
    if (this.latest && now - this.latest.at < FRESH_MS) return this.latest.checks;
    this.latest = { at: now, checks: this.look() };
    return this.latest.checks;
  }

  private async look(): Promise<readonly Check[]> {
    const database = await this.check('database', async () => {
      await this.database.ping();
      return { ok: true, detail: 'reachable' };
    });
    if (!database.ok) return [database];
    return [
      database,
      await this.check('schema', async () => {
        const schema = await checkSchema(this.database);
        return schema.ok ? { ok: true, detail: 'compatible' } : { ok: false, detail: schema.failure.message };
      }),
      await this.check('worker', () => this.heartbeat()),
      await this.check('queue', () => this.queue()),
    ];
  }

  private async check(name: string, look: () => Promise<Omit<Check, 'name'>>): Promise<Check> {
    try {
      return { name, ...(await look()) };
    } catch (error) {
      // What went wrong is for the log: this answer is public.
      log.warn({ check: name, error: (error as Error).message }, 'a readiness check failed');
      return { name, ok: false, detail: 'not reachable' };
    }
  }

  private async heartbeat(): Promise<Omit<Check, 'name'>> {
    const alive = await liveWorkers(this.database);
    return { ok: alive > 0, detail: alive > 0 ? `${alive} alive` : 'no live heartbeat' };
  }

  /** A long queue makes nobody unready: taking this process out of service would shorten no line. */
  private async queue(): Promise<Omit<Check, 'name'>> {
    const { tenants } = await new Admissions(this.database).load();
    const all = [...tenants.values()];
    const inLine = all.reduce((sum, load) => sum + load.inLine, 0);
    const oldest = Math.max(0, ...all.map(({ waitedMs }) => waitedMs)) / 1_000;
    return { ok: true, detail: `${inLine} runs in line; the oldest admitted one waits ${oldest.toFixed(1)} s` };
  }
}
