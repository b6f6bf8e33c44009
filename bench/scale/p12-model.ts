/** What one W5 run asks of each part, measured on this machine. Milliseconds of processor time, unless it says otherwise. */
export interface Demands {
  /** One worker's thread, alone and in a fleet of four. */
  readonly workerAlone: number;
  readonly worker: number;
  readonly starter: number;
  readonly database: number;
  /** The one process that seals the logs of all tenants. */
  readonly sealer: number;
  readonly walBytes: number;
  readonly commits: number;
}

/** What the disk below the write-ahead log gives, one flush after the other. */
export interface Disk {
  readonly flushMs: number;
  readonly bytesPerSecond: number;
}

export interface Contention {
  readonly point: string;
  /** Runs a second at which it is used up. */
  readonly perSecond: number;
}

export interface Prediction {
  readonly cores: number;
  readonly workers: number;
  readonly perSecond: number;
  readonly limit: string;
}

/** Connections of the group commit, per worker. */
const WRITERS = 2;

/**
 * Where runs meet, and when each place is full (asymptotic bounds of a closed network of queues): whatever comes first is
 * the limit. A worker and the sealer are one thread each; the database uses as many cores as it is given; the write-ahead
 * log is flushed by one at a time, and all commits that wait meanwhile share the next flush. Processes that take starts
 * are added as needed: they share nothing but the database.
 */
export function contentionOf(
  d: Demands,
  disk: Disk,
  at: { readonly cores: number; readonly workers: number },
): Contention[] {
  const { cores, workers } = at;
  const total = d.worker + d.starter + d.database + d.sealer;
  const flushesPerRun = d.commits / Math.max(1, workers * WRITERS);
  return [
    { point: `processor time of ${cores} cores`, perSecond: (cores * 1_000) / total },
    { point: `threads of ${workers} workers`, perSecond: (workers * 1_000) / d.workerAlone },
    { point: 'thread of the one sealer', perSecond: 1_000 / d.sealer },
    { point: 'flushes of Postgres’ write-ahead log', perSecond: 1_000 / (disk.flushMs * flushesPerRun) },
    { point: 'bytes of Postgres’ write-ahead log', perSecond: disk.bytesPerSecond / d.walBytes },
  ];
}

export function predict(d: Demands, disk: Disk, at: { readonly cores: number; readonly workers: number }): Prediction {
  const [least] = contentionOf(d, disk, at).sort((a, b) => a.perSecond - b.perSecond);
  return { ...at, perSecond: least!.perSecond, limit: least!.point };
}

/** As many workers as these cores are worth: one more would gain nothing. */
export function bestWorkers(d: Demands, disk: Disk, cores: number): Prediction {
  let best = predict(d, disk, { cores, workers: 1 });
  for (let workers = 2; workers <= cores; workers++) {
    const next = predict(d, disk, { cores, workers });
    if (next.perSecond > best.perSecond * 1.001) best = next;
  }
  return best;
}
