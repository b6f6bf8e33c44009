/**
 * What kind of refusal or fault a failure is. Retry rules read the class, never the message.
 * - transient: trying again later may help        - permanent: it will fail the same way again
 * - policy: denied by a rule or a stop            - budget: a limit of the run or tenant is spent
 * - unknown: it may or may not have happened      - cancelled: somebody asked for the end
 * - bug: our own defect
 */
export type FailureClass = 'transient' | 'permanent' | 'policy' | 'budget' | 'unknown' | 'cancelled' | 'bug';

/** An expected refusal, as a value. `message` says what and why; `next` says what the reader can do. */
export interface Failure {
  readonly code: string;
  readonly class: FailureClass;
  readonly message: string;
  readonly next?: string;
  readonly details?: { readonly [key: string]: string | number | boolean | null };
}

export type Result<T, F = Failure> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: F };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const refuse = <F>(failure: F): { readonly ok: false; readonly failure: F } => ({ ok: false, failure });

export function assertNever(value: never, what: string): never {
  throw new Error(`unhandled ${what}: ${JSON.stringify(value)}`);
}
