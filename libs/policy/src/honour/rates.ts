import type { Tx } from '@writ/database';
import type { DecisionRequest, Obligation } from '../types';
import { dutiesOf, type Terms } from './terms';

/** A turn that has not come: of which obligation, and how many milliseconds until there may be one. */
export interface NoTurn {
  readonly obligation: string;
  readonly ms: number;
}

/**
 * Takes one turn of every rate an act is obliged to; answers for which one there is none yet, or null. By the
 * database's clock, in one row per bucket: each act moves the time at which the bucket is empty again, and one that would
 * move it further than a whole span ahead has to wait (a leaky bucket). The first rate that is full takes nothing more; what
 * was taken of others before it is lost, which errs on the side of fewer.
 */
export async function takeRates(
  tx: Tx,
  request: Pick<DecisionRequest, 'tenant' | 'initiator' | 'chain'>,
  obligations: readonly Obligation[],
): Promise<NoTurn | null> {
  for (const { id, terms } of dutiesOf(obligations, 'rate_limit')) {
    const ms = await take(tx, { tenant: request.tenant, bucket: `${id} ${whose(terms, request)}`, terms });
    if (ms > 0) return { obligation: id, ms };
  }
  return null;
}

function whose(
  { for_each: each }: Terms<'rate_limit'>,
  { initiator, chain }: Pick<DecisionRequest, 'initiator' | 'chain'>,
): string {
  return each === 'tenant' ? '' : each === 'agent' ? (chain.at(-1)?.agent ?? '') : initiator.id;
}

interface Bucket {
  readonly tenant: string;
  readonly bucket: string;
  readonly terms: Terms<'rate_limit'>;
}

async function take(tx: Tx, { tenant, bucket, terms: { most, per_ms: per } }: Bucket): Promise<number> {
  const step = per / most;
  const [taken] = await tx.query(
    `INSERT INTO writ.rate_bucket AS b (tenant, bucket, empty_at)
     VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
     ON CONFLICT (tenant, bucket) DO UPDATE
        SET empty_at = greatest(b.empty_at, clock_timestamp()) + $3::float8 * interval '1 millisecond'
      WHERE greatest(b.empty_at, clock_timestamp()) + $3::float8 * interval '1 millisecond'
            <= clock_timestamp() + $4::float8 * interval '1 millisecond'
     RETURNING 1`,
    [tenant, bucket, step, per],
  );
  if (taken) return 0;
  const [full] = await tx.query<{ wait: number }>(
    `SELECT extract(epoch FROM empty_at - clock_timestamp())::float8 * 1000 + $3 - $4 AS wait
       FROM writ.rate_bucket WHERE tenant = $1 AND bucket = $2`,
    [tenant, bucket, step, per],
  );
  return Math.max(1, Math.ceil(full?.wait ?? step));
}
