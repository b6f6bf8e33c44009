import type { Failure } from '@writ/kernel';

/** A fault of the database room that its caller did not ask for, thrown with the failure as data. */
export class DatabaseFault extends Error {
  readonly code: string;

  constructor(
    readonly failure: Failure,
    options?: { readonly cause?: unknown },
  ) {
    super(failure.next === undefined ? failure.message : `${failure.message} ${failure.next}`, options);
    this.name = 'DatabaseFault';
    this.code = failure.code;
  }
}
