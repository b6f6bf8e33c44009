export type {
  DecisionView,
  Page,
  RunCommandsApi,
  RunDetail,
  RunQueriesApi,
  RunSearchQuery,
  RunView,
  StartedRun,
  StartRunInput,
} from './api';
export { RunCommands, type StartWays } from './commands';
export { type EngineContext, type FaultPoint, type Faults, noFaults } from './context';
export type { RunEvent } from './events';
export { fold } from './fold';
export { journalEvents } from './journal-line';
export { generationOf, sequenceOf } from './live/log-feed';
export { readJournal } from './read-journal';
export { type Engine, type EngineParts, type LiveFeeds, openEngine } from './open-engine';
export type { Doors } from './doors';
export { RunQueries } from './queries';
export type { RunTest } from './search/test-types';
export { recordDecision, recordDecisionIn } from './record-decision';
export { recordEvaluations } from './record-evaluations';
export type { RunState } from './state';
export type { TriggersApi } from './triggers/types';
export { StopReports } from './stops/stop-reports';
export { BullWakeUp, LocalWakeUp, type WakeUp } from './wake-up';
export { DEFAULT_WORKER, Worker, type WorkerOptions } from './worker';
