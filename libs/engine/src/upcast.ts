import type { JsonObject } from '@writ/kernel';
import type { RunEventType } from './events';

/**
 * The version in which each type of event is written. A line of version 1 carries none; a later one says it as `v`.
 * Whoever changes the shape of an event raises its number, adds the way up to `UPCASTS`, and a journal with the new shape
 * to test/fixtures/journal. A member that may be absent is no change of shape.
 */
export const EVENT_VERSIONS: { readonly [T in RunEventType]: number } = {
  run_started: 1,
  run_resumed: 1,
  step_intended: 1,
  step_settled: 1,
  step_denied: 1,
  step_asked: 1,
  approval_answered: 1,
  approval_ended: 1,
  input_answered: 1,
  note_received: 1,
  step_unknown: 1,
  step_reconciled: 1,
  retry_scheduled: 1,
  call_rejected: 1,
  relay_asked: 1,
  content_checked: 1,
  work_returned: 1,
  ledger_updated: 1,
  route_chosen: 1,
  answer_taken: 1,
  answer_returned: 1,
  node_failed: 1,
  branches_opened: 1,
  branch_started: 1,
  branch_ended: 1,
  branches_joined: 1,
  wait_started: 1,
  wait_ended: 1,
  signal_received: 1,
  cancel_requested: 1,
  pause_requested: 1,
  resume_requested: 1,
  run_redriven: 1,
  run_forked: 1,
  upgrade_requested: 1,
  upgrade_settled: 1,
  child_told: 1,
  child_ended: 1,
  run_finished: 1,
  run_failed: 1,
  run_cancelled: 1,
};

/** An event of one version as the next version has it. Pure: it reads its event and nothing else. */
export type Upcast = (event: JsonObject) => JsonObject;

/** What reading old lines goes by: the versions written today, and the ways up to them. */
export interface Shapes {
  readonly versions: { readonly [type: string]: number };
  /** The way from version `i + 1` to version `i + 2` stands at `i`. None is ever taken out. */
  readonly upcasts: { readonly [type: string]: readonly Upcast[] };
}

const UPCASTS: { readonly [T in RunEventType]?: readonly Upcast[] } = {};

export const SHAPES: Shapes = { versions: EVENT_VERSIONS, upcasts: UPCASTS };

/** A line whose shape is not this build's to read. The run is left to a build that can. */
export class UnreadableEvent extends Error {
  constructor(
    readonly type: string,
    readonly version: number,
    why: string,
  ) {
    super(`an event ${type}, version ${version}, cannot be read: ${why}`);
    this.name = 'UnreadableEvent';
  }
}

/**
 * One parsed line of a journal in the shape of today, whatever version it was written in.
 * INVARIANT: every line ever written can be read; the fixtures hold one journal of each shape that ever was.
 * Throws `UnreadableEvent` for a type or version that a newer build wrote.
 */
export function upcast(line: JsonObject, shapes: Shapes = SHAPES): JsonObject {
  const { v = 1, ...event } = line;
  const type = String(line['type']);
  const newest = Object.hasOwn(shapes.versions, type) ? shapes.versions[type] : undefined;
  const version = Number(v);
  if (newest === undefined) throw new UnreadableEvent(type, version, 'this build does not know its type');
  if (version > newest) throw new UnreadableEvent(type, version, `this build writes version ${newest}`);
  const ways = shapes.upcasts[type] ?? [];
  if (ways.length !== newest - 1) throw new UnreadableEvent(type, version, 'a way to the next version is missing');
  // Nearly every line: nothing to change, and nothing to copy.
  if (version === newest && !Object.hasOwn(line, 'v')) return line;
  return ways.slice(version - 1).reduce<JsonObject>((older, way) => way(older), event);
}

/** An event as its line says it: with its version, once that is not the first. */
export function versioned<E extends { readonly type: RunEventType }>(event: E): E | (E & { readonly v: number }) {
  const version = EVENT_VERSIONS[event.type];
  return version === 1 ? event : { ...event, v: version };
}
