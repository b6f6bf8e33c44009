import type { Engine, LiveFeeds, RunCommandsApi, RunQueriesApi, TriggersApi } from '@writ/engine';

/** Injection tokens of what has no class of its own to be named by. */
export const RUN_COMMANDS = Symbol('RunCommandsApi');
export const RUN_QUERIES = Symbol('RunQueriesApi');
export const QUESTIONS = Symbol('Questions');
export const APPROVALS = Symbol('Approvals');
export const BATCHES = Symbol('Batches');
export const TRIGGERS = Symbol('TriggersApi');
export const LIVE = Symbol('LiveFeeds');
export const CLOCK = Symbol('Clock');
/** Drafts beside AuthZEN that are switched on. */
export const DRAFTS = Symbol('authzen drafts');
export const VERSION = Symbol('version');

export type Commands = RunCommandsApi;
export type Queries = RunQueriesApi;
export type Live = LiveFeeds;
export type Questions = Engine['questions'];
export type Approvals = Engine['approvals'];
export type Triggers = TriggersApi;
export type Batches = Engine['batches'];
