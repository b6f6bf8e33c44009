import type { Result, RunId, TenantId } from '@writ/kernel';
import type { Database, Tx } from '../session/database';
import {
  type AdmissionRecord,
  grantAdmission,
  type GrantAdmissionInput,
  readAdmission,
  type RecordAdmission,
  setAdmission,
  type SetAdmissionInput,
} from './admission-rules';

/** A tenant's part in what is going on, over all workers. */
export interface TenantLoad {
  /** Runs led, or admitted and about to be. */
  readonly active: number;
  /** Runs that stand in line. */
  readonly inLine: number;
  /** Milliseconds that the oldest admitted run has waited for somebody to lead it. */
  readonly waitedMs: number;
  /** Milliseconds that the first in line has stood there. */
  readonly linedUpMs: number;
  readonly weight: number;
  /** Null for no limit of its own. */
  readonly mostActive: number | null;
  readonly mostInLine: number;
}

export interface RunLoad {
  /** Runs that all living workers together lead at once. */
  readonly places: number;
  readonly tenants: ReadonlyMap<TenantId, TenantLoad>;
}

export interface Admitted {
  readonly runs: readonly { readonly tenant: TenantId; readonly run: RunId }[];
  /** Whether somebody still stands in line. */
  readonly more: boolean;
}

interface LoadAnswer {
  readonly tenant: TenantId | '*';
  readonly active: number;
  readonly in_line: number;
  readonly waited_ms: number;
  readonly lined_up_ms: number;
  readonly weight: number;
  readonly most_active: number | null;
  readonly most_in_line: number;
}

/** The lines that runs stand in before they are led, over all tenants: whom to let in, and how long the lines are. */
export class Admissions {
  constructor(private readonly db: Database) {}

  /** Lets in whoever is next, fairly between tenants, as far as the workers have places. */
  async admit(most: number): Promise<Admitted> {
    const rows = await this.db.call<{ tenant: TenantId; run: RunId | null }>('admit_runs', [most]);
    const runs = rows.flatMap(({ tenant, run }) => (run === null ? [] : [{ tenant, run }]));
    return { runs, more: runs.length < rows.length };
  }

  /** Exact; or, with `mostLined`, counting each line no further than that, which takes no longer the longer the lines are. */
  async load(mostLined?: number): Promise<RunLoad> {
    const rows = await this.db.call<LoadAnswer>('run_load', mostLined === undefined ? [] : [mostLined]);
    const tenants = new Map<TenantId, TenantLoad>();
    let places = 0;
    for (const { tenant, ...row } of rows) {
      if (tenant === '*') places = row.active;
      else {
        tenants.set(tenant, {
          active: row.active,
          inLine: row.in_line,
          waitedMs: row.waited_ms,
          linedUpMs: row.lined_up_ms,
          weight: row.weight,
          mostActive: row.most_active,
          mostInLine: row.most_in_line,
        });
      }
    }
    return { places, tenants };
  }

  /** What is granted to a tenant and what it set for itself. */
  limits(tx: Tx, tenant: TenantId): Promise<AdmissionRecord> {
    return readAdmission(tx, tenant);
  }

  /** A tenant limits itself, in the caller's transaction. */
  limit(tx: Tx, input: SetAdmissionInput, record: RecordAdmission): Promise<Result<AdmissionRecord>> {
    return setAdmission(tx, input, record);
  }

  /** What the platform gives a tenant, in the caller's transaction. */
  grant(tx: Tx, input: GrantAdmissionInput, record: RecordAdmission): Promise<Result<AdmissionRecord>> {
    return grantAdmission(tx, input, record);
  }

  /** For a run in line. A run that is led already does not care. */
  async setPriority(tenant: TenantId, run: RunId, priority: number): Promise<void> {
    await this.db.withTenant(tenant, (tx) =>
      tx.query(`UPDATE writ.run SET priority = $3 WHERE tenant = $1 AND id = $2 AND status = 'queued'`, [
        tenant,
        run,
        priority,
      ]),
    );
  }

  /** Rows of workers that are long silent and hold no lease. Returns how many were removed. */
  async forgetWorkers(): Promise<number> {
    const [row] = await this.db.platform((tx) => tx.query<{ n: number }>(`SELECT writ.forget_workers() AS n`));
    return row?.n ?? 0;
  }
}
