import type { Json } from '@writ/kernel';
import { LateMap } from '../late';

/** A value that the agents of a run share. */
export interface BoardEntry {
  /** 1 after the first write. */
  readonly version: number;
  readonly value: Json;
  /** Of its key, and of everything its writer had read from others before. */
  readonly labels: readonly string[];
  /** The agent that wrote it; null for the workflow itself. */
  readonly by: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A message from one agent of a run to another. */
export interface Message {
  /** The same however often its sending is tried: a message is delivered once. */
  readonly id: string;
  readonly from: string;
  readonly body: string;
  /** The message it answers. */
  readonly reply_to?: string;
  /** Of everything its sender had read from others before. */
  readonly labels: readonly string[];
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What the agents of a run share. */
export interface Board {
  readonly entries: Map<string, BoardEntry>;
  /** Messages that nobody has read yet, oldest first, by the agent they are for. */
  readonly mail: Map<string, readonly Message[]>;
  /** Labels of what each conversation has read from others, by its path. */
  readonly seen: Map<string, ReadonlySet<string>>;
}

export const emptyBoard = (): Board => ({ entries: new LateMap(), mail: new LateMap(), seen: new LateMap() });

export const messageId = (step: number): string => `m${step}`;

export const joinedLabels = (...of: readonly (Iterable<string> | undefined)[]): readonly string[] =>
  [...new Set(of.flatMap((labels) => [...(labels ?? [])]))].sort();
