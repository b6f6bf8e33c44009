import type { Tx } from '@writ/database';
import type { Result, TenantId } from '@writ/kernel';
import { findEvent, type FoundEvent } from './find-event';
import { type CheckpointRow, listCheckpoints } from './log-rows';
import {
  type EventProof,
  newestNote,
  proveEvent,
  proveTrees,
  type ServedTile,
  serveTile,
  type TreesProof,
} from './prove';
import { logStatus, type LogStatus } from './status';

/** Everything that may be asked of one tenant's log, in a transaction bound to the tenant. */
export class LogReader {
  constructor(
    private readonly tx: Tx,
    private readonly tenant: TenantId,
  ) {}

  status(): Promise<LogStatus> {
    return logStatus(this.tx, this.tenant);
  }

  /** The newest checkpoint. Refuses with `not_found` while nothing was sealed. */
  newest(): Promise<Result<CheckpointRow>> {
    return newestNote(this.tx, this.tenant);
  }

  /** Newest first; `before` is the generation and size of the last one of the page before. */
  checkpoints(query: Parameters<typeof listCheckpoints>[2]): Promise<CheckpointRow[]> {
    return listCheckpoints(this.tx, this.tenant, query);
  }

  /** An event by its id; null when the tenant has none. */
  event(id: string): Promise<FoundEvent | null> {
    return findEvent(this.tx, this.tenant, id);
  }

  /** Proves a sealed event, up to the newest checkpoint. */
  prove(event: { readonly index: number; readonly raw: string }): Promise<EventProof> {
    return proveEvent(this.tx, this.tenant, event);
  }

  /** Proves that one tree is the beginning of another; `to` null for the newest. Refuses sizes beyond the log. */
  proveTrees(sizes: { readonly from: number; readonly to: number | null }): Promise<Result<TreesProof>> {
    return proveTrees(this.tx, this.tenant, sizes);
  }

  /** A tile or an entry bundle by its C2SP path. Refuses what the newest checkpoint does not reach. */
  tile(path: string): Promise<Result<ServedTile>> {
    return serveTile(this.tx, this.tenant, path);
  }
}
