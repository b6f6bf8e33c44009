import type { InputId, Json, RunId } from '@writ/kernel';
import type { Reconciliation, RunStatus } from '@writ/words';
import type { Pinned } from './events';

/** What letters to a run hold, by their kind. */
export interface SignalBody {
  readonly name: string;
  readonly payload: Json;
  readonly correlation?: string;
}
export interface SteerBody {
  readonly reason: string;
}
export interface ChildBody {
  readonly child: RunId;
  readonly path: string;
  readonly status: RunStatus;
}
export interface CancelBody {
  readonly reason: string;
}
export interface InputBody {
  readonly input: InputId;
  readonly path: string;
  readonly answer: Json;
}
export interface UpgradeBody extends Pinned {
  readonly version: number;
  readonly reason: string;
}
export interface NoteBody {
  readonly text: string;
}
export interface ReconcileBody {
  readonly step: number;
  readonly verdict: Reconciliation;
  readonly result?: Json;
  readonly note: string;
}
