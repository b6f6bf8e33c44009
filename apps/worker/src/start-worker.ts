import { KeyRing, type LogPlaces, logPlaces, LogWatch, OutsideCheckpoints, Sequencer } from '@writ/audit';
import { type Database, type GroupCommit, openDatabase, openGroupCommit } from '@writ/database';
import { Dispatcher } from '@writ/delivery';
import { BullWakeUp, DEFAULT_WORKER, type Engine, type EngineParts, openEngine } from '@writ/engine';
import {
  EgressGuard,
  functionTransport,
  httpTransport,
  mcpTransport,
  openAiProvider,
  readEgressRules,
  type ToolFunction,
  ToolGateway,
} from '@writ/gateways';
import { systemClock } from '@writ/kernel';
import { exportFigures } from './figures';

export interface WorkerDeps {
  /** The owner's address; the worker connects under the writer role. */
  readonly databaseUrl: string;
  /** With it the doorbell is Bull; without it rings stay in this process, and the sweeper finds what others started. */
  readonly redisUrl: string | null;
  /** What doors may look up by name: addresses and keys of models and tools. */
  readonly env: { readonly [name: string]: string | undefined };
  /** Version of the program, recorded with each heartbeat. */
  readonly build: string;
  /** Tools that run in this process; the tools of MCP servers need none. */
  readonly functions?: { readonly [name: string]: ToolFunction };
  readonly concurrency?: number | null;
  /** Keys and outside checkpoints of the logs; by default as `env` says (see `logPlaces`). */
  readonly log?: LogPlaces;
}

export interface RunningWorker {
  readonly engine: Engine;
  readonly database: Database;
  /** Whether this process seals the logs at the moment. */
  readonly sequencer: { readonly leading: boolean };
  /** Stops taking runs, finishes the steps under way, gives the leases back, then closes what it opened. */
  close(graceMs?: number): Promise<void>;
}

/** Rings a worker takes for each of its places: those beyond wait here, fairly between tenants. */
const RINGS = 2;
/** A leader's round never stands idle; one that stops in the middle gives the lease's row up before others need it. */
const SEALING_IDLE_MS = 2_000;

/**
 * A worker that leads runs: database, authority, permits, doors, engine, in that order; and beside it the sequencer, of
 * which one among all workers seals the logs. Throws, with everything closed again, when the database is unreachable, has
 * another schema, or may lose commits, and when the keys of the logs cannot be read.
 */
export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const config = { url: deps.databaseUrl, role: 'writer', applicationName: 'writ-worker' } as const;
  const opened: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    const closed = [];
    for (const close of opened.splice(0).reverse()) closed.push(await settled(close()));
    raise(closed);
  };
  try {
    const database = await openDatabase(config);
    opened.push(() => database.close());
    const sequencer = await startSequencer(deps, opened);
    const writer = await openGroupCommit(config, { clock: systemClock });
    opened.push(() => writer.close());
    const log = new LogWatch(database);
    await log.start();
    opened.push(() => log.stop());
    const guard = new EgressGuard({ rules: readEgressRules(deps.env['WRIT_EGRESS']) });
    const engine = engineOver(deps, { db: database, writer, log, guard });
    await engine.start();
    const dispatcher = new Dispatcher(database, guard, engine.workerId);
    dispatcher.start();
    opened.push(() => dispatcher.stop());
    exportFigures(engine);
    let closed: Promise<void> | null = null;
    const close = async (graceMs?: number): Promise<void> => {
      raise([await settled(engine.close(graceMs)), await settled(closeAll())]);
    };
    return { engine, database, sequencer, close: (graceMs) => (closed ??= close(graceMs)) };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** What went wrong, or null: one part that does not close must not keep the others open. */
const settled = (work: Promise<unknown>): Promise<{ readonly error: unknown } | null> =>
  work.then(
    () => null,
    (error: unknown) => ({ error }),
  );

function raise(ends: readonly ({ readonly error: unknown } | null)[]): void {
  const failed = ends.find((end) => end !== null);
  if (failed) throw failed.error;
}

async function startSequencer(deps: WorkerDeps, opened: (() => Promise<unknown>)[]): Promise<Sequencer> {
  const { keys, checkpoints } = deps.log ?? logPlaces(deps.env);
  const db = await openDatabase({
    url: deps.databaseUrl,
    role: 'sequencer',
    applicationName: 'writ-sequencer',
    poolSize: 2,
    idleInTransactionMs: SEALING_IDLE_MS,
  });
  opened.push(() => db.close());
  const sequencer = new Sequencer({ db, ring: new KeyRing(keys), outside: new OutsideCheckpoints(checkpoints) });
  sequencer.start();
  opened.push(() => sequencer.close());
  return sequencer;
}

/** `WRIT_RELAY_HOST` and `WRIT_RELAY_PORT` to listen at, `WRIT_RELAY_URL` as frameworks reach it. */
function readRelay(env: WorkerDeps['env']): NonNullable<EngineParts['relay']> {
  const port = Number(env['WRIT_RELAY_PORT'] ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error('WRIT_RELAY_PORT is no port: a number from 0 to 65535');
  return { host: env['WRIT_RELAY_HOST'] ?? '127.0.0.1', port, url: env['WRIT_RELAY_URL'] ?? null };
}

function engineOver(
  deps: WorkerDeps,
  {
    guard,
    ...parts
  }: { readonly db: Database; readonly writer: GroupCommit; readonly log: LogWatch; readonly guard: EgressGuard },
): Engine {
  const { env, build, concurrency } = deps;
  return openEngine({
    ...parts,
    build,
    doors: (open) => ({
      models: openAiProvider({ open, env }),
      tools: new ToolGateway({
        function: functionTransport({ open, functions: deps.functions ?? {} }),
        mcp: mcpTransport({ open, env }),
        http: httpTransport({ open, env, guard }),
      }),
    }),
    relay: readRelay(env),
    options: { ...DEFAULT_WORKER, ...(concurrency ? { concurrency } : {}) },
    ...(deps.redisUrl === null
      ? {}
      : { wakeUp: new BullWakeUp(deps.redisUrl, RINGS * (concurrency ?? DEFAULT_WORKER.concurrency)) }),
  });
}
