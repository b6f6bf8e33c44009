import { type Database, type GroupCommit, openDatabase, openGroupCommit } from '@writ/database';
import { BullWakeUp, DEFAULT_WORKER, type Engine, openEngine } from '@writ/engine';
import { functionTransport, mcpTransport, openAiProvider, type ToolFunction, ToolGateway } from '@writ/gateways';
import { systemClock } from '@writ/kernel';

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
}

export interface RunningWorker {
  readonly engine: Engine;
  readonly database: Database;
  /** Stops taking runs, finishes the steps under way, gives the leases back, then closes what it opened. */
  close(graceMs?: number): Promise<void>;
}

/**
 * A worker that leads runs: database, authority, permits, doors, engine, in that order. Throws, with everything closed
 * again, when the database is unreachable, has another schema, or may lose commits.
 */
export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const config = { url: deps.databaseUrl, role: 'writer', applicationName: 'writ-worker' } as const;
  const database = await openDatabase(config);
  let writer: GroupCommit | null = null;
  try {
    writer = await openGroupCommit(config, { clock: systemClock });
    const engine = engineOver(deps, database, writer);
    await engine.start();
    return { engine, database, close: closing({ engine, database, writer }) };
  } catch (error) {
    await writer?.close();
    await database.close();
    throw error;
  }
}

function engineOver(deps: WorkerDeps, db: Database, writer: GroupCommit): Engine {
  const { env, build, concurrency } = deps;
  return openEngine({
    db,
    writer,
    build,
    doors: (open) => ({
      models: openAiProvider({ open, env }),
      tools: new ToolGateway({
        function: functionTransport({ open, functions: deps.functions ?? {} }),
        mcp: mcpTransport({ open, env }),
      }),
    }),
    options: { ...DEFAULT_WORKER, ...(concurrency ? { concurrency } : {}) },
    ...(deps.redisUrl === null
      ? {}
      : { wakeUp: new BullWakeUp(deps.redisUrl, concurrency ?? DEFAULT_WORKER.concurrency) }),
  });
}

function closing(parts: { readonly engine: Engine; readonly database: Database; readonly writer: GroupCommit }) {
  let closed: Promise<void> | null = null;
  const close = async (graceMs?: number): Promise<void> => {
    await parts.engine.close(graceMs);
    await parts.writer.close();
    await parts.database.close();
  };
  return (graceMs?: number): Promise<void> => (closed ??= close(graceMs));
}
