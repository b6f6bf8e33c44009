import type { Tx } from '@writ/database';
import { type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';

/** One idempotency key as it stands for one request: its scope is tenant, principal and route. */
export interface KeptCall {
  readonly tenant: TenantId;
  readonly principal: string;
  readonly route: string;
  readonly key: string;
  readonly requestDigest: string;
}

export interface Answered {
  /** JSON of the first answer. */
  readonly body: string;
}

const KEPT_FOR = `interval '24 hours'`;
/** Old answers of the tenant are swept with one write in this many. */
const SWEEP_EVERY = 128;

const IN_PROGRESS: Failure = {
  code: 'idempotency_in_progress',
  class: 'transient',
  message: 'a request with this idempotency key is executing right now',
  next: 'Send the same request again in a second: it gets the first one’s answer.',
  details: { retry_after_s: 1 },
};

const MISMATCH: Failure = {
  code: 'idempotency_mismatch',
  class: 'permanent',
  message: 'this idempotency key was used for another request',
  next: 'Use a new key for a new request.',
};

const keyOf = (call: KeptCall): readonly string[] => [call.tenant, call.principal, call.route, call.key];

/** The answers already given under idempotency keys, for 24 hours. */
export class Answers {
  private written = 0;

  /** The earlier answer, or null when this transaction now holds the key until it ends. */
  async claim(tx: Tx, call: KeptCall): Promise<Result<Answered | null>> {
    const [lock] = await tx.query<{ held: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held`,
      [JSON.stringify(['writ.idempotency', ...keyOf(call)])],
    );
    return lock?.held ? this.find(tx, call) : refuse(IN_PROGRESS);
  }

  async find(tx: Tx, call: KeptCall): Promise<Result<Answered | null>> {
    const [row] = await tx.query<{ request_digest: string; body: string }>(
      `SELECT request_digest, body FROM writ.idempotency
        WHERE tenant = $1 AND principal = $2 AND route = $3 AND key = $4
          AND body IS NOT NULL AND created_at > now() - ${KEPT_FOR}`,
      keyOf(call),
    );
    if (!row) return ok(null);
    return row.request_digest === call.requestDigest ? ok({ body: row.body }) : refuse(MISMATCH);
  }

  async keep(tx: Tx, call: KeptCall, answer: unknown): Promise<void> {
    await this.sweep(tx, call);
    await tx.query(
      `INSERT INTO writ.idempotency (tenant, principal, route, key, request_digest, status, body)
       VALUES ($1, $2, $3, $4, $5, 200, $6)`,
      [...keyOf(call), call.requestDigest, JSON.stringify(answer)],
    );
  }

  /** Keeps the answer unless another request was faster: then the other's answer, which is everybody's. */
  async keepFirst(tx: Tx, call: KeptCall, answer: unknown): Promise<Result<Answered | null>> {
    await this.sweep(tx, call);
    const [row] = await tx.query(
      `INSERT INTO writ.idempotency (tenant, principal, route, key, request_digest, status, body)
       VALUES ($1, $2, $3, $4, $5, 200, $6)
       ON CONFLICT (tenant, principal, route, key) DO NOTHING RETURNING key`,
      [...keyOf(call), call.requestDigest, JSON.stringify(answer)],
    );
    return row ? ok(null) : this.find(tx, call);
  }

  /** Removes what this key stood for more than 24 hours ago, and now and then whatever else is as old. */
  private async sweep(tx: Tx, call: KeptCall): Promise<void> {
    const all = this.written++ % SWEEP_EVERY === 0;
    await tx.query(
      `DELETE FROM writ.idempotency
        WHERE tenant = $1 AND created_at <= now() - ${KEPT_FOR}
          AND ($5 OR (principal = $2 AND route = $3 AND key = $4))`,
      [...keyOf(call), all],
    );
  }
}
