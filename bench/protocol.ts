/** What a measured process is given. */
export interface Setup {
  /** Its own fresh database, as the cluster's administrator. */
  readonly url: string;
  /** The largest concurrency it will be asked for. */
  readonly concurrency: number;
  /** What one run is; W5 unless told. */
  readonly workload?: Workload;
  /** For what runs over Redis. */
  readonly redis?: string;
  /** Runs that are begun and wait, for what measures those. */
  readonly waiting?: number;
}

/** w5: five sequential no-op steps. f8: eight at once, then one that merges. */
export type Workload = 'w5' | 'f8';

/** Named numbers: what some systems tell of themselves in place of windows of runs. */
export type Figures = Readonly<Record<string, number>>;

/** One system under measurement, inside its own process. */
export interface System {
  /** One run from start to durable end; throws when the run did not succeed. `loop` is the index of the calling loop. */
  op(loop: number): Promise<unknown>;
  /** For what answers in microseconds: a promise for each op would cost more than the op, so it times itself. */
  window?(ms: number): WindowResult | Promise<WindowResult>;
  /** What is measured once, or over `ms`, and is no rate of runs. */
  figures?(ms: number): Promise<Figures>;
  close(): Promise<void>;
}

export type Order =
  /** Closed loop for `leadMs` that is not counted, then for `ms` that is. With `profile`, V8 samples it into that file. */
  | {
      readonly do: 'window';
      readonly concurrency: number;
      readonly leadMs: number;
      readonly ms: number;
      readonly profile?: string;
    }
  /** Closed loop for `ms`, then every run under way is finished: an exact count. */
  | { readonly do: 'count'; readonly concurrency: number; readonly ms: number }
  | { readonly do: 'figures'; readonly ms: number }
  | { readonly do: 'close' };

export interface WindowResult {
  readonly runs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Milliseconds of CPU this process spent per run. */
  readonly cpuMsPerRun: number;
  /** Highest resident set of the process since it started, bytes. */
  readonly peakRss: number;
  readonly failed: number;
}

export interface CountResult {
  readonly runs: number;
  readonly failed: number;
}

export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'window'; readonly result: WindowResult }
  | { readonly kind: 'count'; readonly result: CountResult }
  | { readonly kind: 'figures'; readonly result: Figures }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string };
