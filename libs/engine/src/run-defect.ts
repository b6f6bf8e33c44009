import type { Failure } from '@writ/kernel';
import { UnreadableEvent } from './upcast';

/**
 * A run that cannot be led for what it is, not for what the machine has just then: its journal, its definitions or its
 * plan. Trying again by itself changes nothing.
 */
export class RunDefect extends Error {
  constructor(
    readonly code: 'journal_unreadable' | 'journal_broken' | 'payload_missing' | 'payload_altered' | 'plan_broken',
    message: string,
    options?: { readonly cause: unknown },
  ) {
    super(message, options);
    this.name = 'RunDefect';
  }

  /** Whether a newer build may read it: while builds roll, the old ones leave it to the others. */
  get forNewerBuild(): boolean {
    return this.code === 'journal_unreadable';
  }

  get failure(): Failure {
    return { code: this.code, class: 'bug', message: this.message };
  }
}

/** What a pure part of leading a run gives; what it throws is the run's defect. */
export function sound<T>(code: RunDefect['code'], part: () => T): T {
  try {
    return part();
  } catch (error) {
    if (error instanceof RunDefect) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof UnreadableEvent) throw new RunDefect('journal_unreadable', message, { cause: error });
    throw new RunDefect(code, message, { cause: error });
  }
}

/** The defect an error tells of; null for one that may pass, such as a database that is away. */
export function defectIn(error: unknown): RunDefect | null {
  if (error instanceof RunDefect) return error;
  const slip = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return slip ? new RunDefect('plan_broken', error.message, { cause: error }) : null;
}
