/**
 * The `application_name` of a connection: what it is for, and the process that holds it, `writ-worker commit 1 (4711)`.
 * Postgres keeps the first 63 bytes.
 */
export const connectionName = (purpose: string): string => `${purpose} (${process.pid})`;

/** The process a connection names; undefined for one that is none of ours. */
export function processNamedBy(name: string): number | undefined {
  const pid = / \((\d+)\)$/.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
