import { type Clock, newId, systemClock, type WorkerId } from '@writ/kernel';
import type { LogWatch } from '@writ/audit';
import { Admissions, type Database, type GroupCommit, Providers } from '@writ/database';
import { type ModelProvider, Relay, type ToolTransport } from '@writ/gateways';
import { ApprovalCommands, ApprovalQueries, AuthorityStore, type OpenPermit, PermitOffice } from '@writ/policy';
import { Admission } from './admission/admission';
import { pinnedTool } from './approvals/pinned-tool';
import { childDoor } from './children/start-child';
import { RunCommands } from './commands';
import { Callees } from './guard/callees';
import { Questions } from './inputs/questions';
import { LogFeed } from './live/log-feed';
import { RunFeed } from './live/run-feed';
import { Said } from './live/said';
import { type EngineContext, type Faults, noFaults } from './context';
import { Pacer } from './pace/pacer';
import type { Doors } from './doors';
import { RunQueries } from './queries';
import { recordDecisionIn } from './record-decision';
import { ReviewWatch } from './reviews/load';
import { SNAPSHOT_EVERY } from './snapshot/keeper';
import { Batches } from './batches/batches';
import { Triggers } from './triggers/triggers';
import { LocalWakeUp, type WakeUp } from './wake-up';
import { DEFAULT_WORKER, Worker, type WorkerOptions } from './worker';

export interface EngineParts {
  readonly db: Database;
  readonly writer: GroupCommit;
  /** Makes the doors, given what opens permits: no door can be built without it. */
  readonly doors: (open: OpenPermit) => { readonly models: ModelProvider; readonly tools: ToolTransport };
  /** Bull when the shape is scaled out; by default rings stay in this process. */
  readonly wakeUp?: WakeUp;
  /** False in a process that only takes commands: its runs are led elsewhere. */
  readonly leads?: boolean;
  readonly options?: WorkerOptions;
  /** Where external frameworks make their calls; by default on this machine only, at any free port. */
  readonly relay?: RelayOptions;
  /** How long a run that is to end lets calls finish that must not be repeated; half a minute by default. */
  readonly patienceMs?: number;
  readonly build?: string;
  readonly clock?: Clock;
  readonly faults?: Faults;
  /** Events between two snapshots of a run, at least; a thousand unless told. */
  readonly snapshotEvery?: number;
  /** The caller's to start and stop. Without it no effect waits for the log. */
  readonly log?: Pick<LogWatch, 'blocks'>;
}

export interface LiveFeeds {
  readonly runs: RunFeed;
  readonly logs: LogFeed;
}

export interface Engine {
  readonly commands: RunCommands;
  readonly queries: RunQueries;
  /** What workflows ask people. */
  readonly questions: Questions;
  /** What people are asked to approve, and what they say. */
  readonly approvals: { readonly commands: ApprovalCommands; readonly queries: ApprovalQueries };
  /** Journals and logs as they grow, for whoever watches. */
  readonly live: LiveFeeds;
  readonly triggers: Triggers;
  readonly batches: Batches;
  /** Who is led now and who stands in line, as this process last saw it. */
  readonly admission: Admission;
  /** What is open of the runs that were drawn for people to look at, as this process last saw it. */
  readonly reviews: ReviewWatch;
  readonly authority: AuthorityStore;
  readonly worker: Worker | null;
  readonly workerId: WorkerId;
  start(): Promise<void>;
  /** Drains the worker and stops watching the authority. The database and the writer are the caller's to close. */
  close(graceMs?: number): Promise<void>;
}

const PATIENCE_MS = 30_000;
type RelayOptions = ConstructorParameters<typeof Relay>[0];
const HERE: RelayOptions = { host: '127.0.0.1', port: 0, url: null };

/** Puts the engine's parts together: the one place that knows the order they start and stop in. */
export function openEngine(parts: EngineParts): Engine {
  const clock = parts.clock ?? systemClock;
  const id = newId('worker');
  const instance = { id, kind: parts.leads === false ? 'control_plane' : 'worker' } as const;
  const authority = new AuthorityStore(parts.db, { instance });
  const permits = new PermitOffice({ clock, authority });
  const doors = parts.doors(permits.open);
  const live: LiveFeeds = { runs: new RunFeed(parts.db), logs: new LogFeed(parts.db) };
  const said = new Said(parts.db, (tenant, run) => live.runs.changed(tenant, run));
  const effects: Doors = { ...doors, permits, said };
  const relay = new Relay(parts.relay ?? HERE);
  const ctx: EngineContext = {
    db: parts.db,
    writer: parts.writer,
    authority,
    doors: effects,
    log: parts.log ?? null,
    pacer: new Pacer(new Providers(parts.db), id, clock),
    clock,
    faults: parts.faults ?? noFaults,
    snapshotEvery: parts.snapshotEvery ?? SNAPSHOT_EVERY,
    worker: id,
    callees: new Callees(parts.db),
    relay,
    patienceMs: parts.patienceMs ?? PATIENCE_MS,
    build: parts.build ?? 'unknown',
  };
  const wakeUp = parts.wakeUp ?? new LocalWakeUp();
  parts.writer.onCommitted(({ tenant, run }) => live.runs.changed(tenant, run));
  const admission = new Admission(new Admissions(parts.db), clock);
  admission.onAdmitted((tenant, run) => void wakeUp.ring(tenant, run));
  const worker = parts.leads === false ? null : new Worker(ctx, wakeUp, admission, parts.options ?? DEFAULT_WORKER);
  const commands = new RunCommands(ctx, { wakeUp, admission, local: worker });
  effects.children = childDoor(ctx, { wakeUp, local: worker });
  const triggers = new Triggers(parts.db, clock, commands);
  const batches = new Batches(parts.db, clock, commands, wakeUp);
  const pump = worker && batches.pumpFor(ctx.worker);
  const triggerClock = worker && triggers.clockFor(ctx.worker);
  const reviews = new ReviewWatch(parts.db);
  return {
    commands,
    triggers,
    batches,
    queries: new RunQueries(parts.db),
    questions: new Questions(ctx, wakeUp),
    approvals: {
      commands: new ApprovalCommands({
        db: parts.db,
        authority,
        clock,
        record: recordDecisionIn,
        tool: (approval) => pinnedTool(parts.db, approval),
        ring: (tenant, run) => wakeUp.ring(tenant, run),
      }),
      queries: new ApprovalQueries(parts.db, authority),
    },
    live,
    admission,
    reviews,
    authority,
    worker,
    workerId: ctx.worker,
    async start() {
      await authority.start();
      await admission.look();
      await worker?.start();
      triggerClock?.start();
      pump?.start();
      if (worker) reviews.start();
    },
    async close(graceMs) {
      await triggerClock?.stop();
      await pump?.stop();
      await reviews.stop();
      await live.runs.close();
      await live.logs.close();
      await admission.close();
      try {
        if (worker) await worker.drain(graceMs);
        else await wakeUp.close();
      } finally {
        said.close();
        await relay.close();
        await authority.stop();
        await doors.tools.close();
      }
    },
  };
}
