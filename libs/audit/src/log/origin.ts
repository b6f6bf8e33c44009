import { originOf } from '../tenant-stream';
import type { LogName } from './log-rows';

/**
 * Name of a log, as its checkpoints carry it and its keys are named: `writ/<tenant>`, and `writ/<tenant>/<n>` for the
 * n-th one, which an operator opened after the database had lost events that were sealed before.
 */
export const logOrigin = ({ tenant, generation }: LogName): string =>
  generation === 1 ? originOf(tenant) : `${originOf(tenant)}/${generation}`;

/** The generation an origin names, or null for the origin of another tenant. */
export function generationOf(tenant: LogName['tenant'], origin: string): number | null {
  const base = originOf(tenant);
  if (origin === base) return 1;
  const number = origin.startsWith(`${base}/`) ? origin.slice(base.length + 1) : '';
  return /^([2-9]|[1-9]\d{1,8})$/.test(number) ? Number(number) : null;
}
