import { type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import type { Tx } from '../session/database';

/** Evidence of a change, in the transaction that makes it. */
export type RecordAdmission = (change: {
  readonly type: 'admission.set' | 'admission.granted';
  readonly tenant: TenantId;
  readonly actor: string;
  readonly object: { readonly type: 'admission'; readonly id: string };
  readonly detail: { readonly [key: string]: string | number | null };
}) => Promise<void>;

/** How many runs a tenant may have led, and have waiting for their turn. Null for no limit. */
export interface AdmissionLimits {
  readonly mostActive: number | null;
  readonly mostInLine: number | null;
}

/** A tenant's part of the places of all workers. */
export interface AdmissionRecord {
  /** 1 to 1000: a tenant of weight 2 gets twice the places of one of weight 1 while both want more. */
  readonly weight: number;
  /** What the tenant sets for itself. */
  readonly own: AdmissionLimits;
  /** What the platform grants it at most. */
  readonly granted: AdmissionLimits;
  /** The smaller of both; a line is never without a limit. */
  readonly inForce: { readonly mostActive: number | null; readonly mostInLine: number };
}

interface Row {
  readonly weight: number;
  readonly own_active: number | null;
  readonly own_in_line: number | null;
  readonly granted_active: number | null;
  readonly granted_in_line: number | null;
  readonly most_active: number | null;
  readonly most_in_line: number;
}

const COLUMNS = 'weight, own_active, own_in_line, granted_active, granted_in_line, most_active, most_in_line';
const MOST_IN_LINE = 100_000;
const UNSET: Row = {
  weight: 1,
  own_active: null,
  own_in_line: null,
  granted_active: null,
  granted_in_line: null,
  most_active: null,
  most_in_line: MOST_IN_LINE,
};
const OBJECT = { type: 'admission', id: 'tenant' } as const;

export async function readAdmission(tx: Tx, tenant: TenantId): Promise<AdmissionRecord> {
  const [row] = await tx.query<Row>(`SELECT ${COLUMNS} FROM writ.admission WHERE tenant = $1`, [tenant]);
  return toRecord(row ?? UNSET);
}

export interface SetAdmissionInput extends AdmissionLimits {
  readonly tenant: TenantId;
  readonly reason: string;
  /** Opaque principal id. */
  readonly author: string;
}

/**
 * A tenant limits itself, in the caller's transaction. In force within a second: runs that are led already go on, and
 * those in line stay there. Fails with `admission_shape` when it asks for more than the platform grants: nobody gives
 * themselves what they do not have.
 */
export async function setAdmission(
  tx: Tx,
  input: SetAdmissionInput,
  record: RecordAdmission,
): Promise<Result<AdmissionRecord>> {
  const { tenant, mostActive, mostInLine, reason, author } = input;
  const wrong = misshapen(input) ?? beyond(input, (await readAdmission(tx, tenant)).granted);
  if (wrong !== null) return refuse(misfit(wrong));
  const [row] = await tx.query<Row>(
    `INSERT INTO writ.admission (tenant, own_active, own_in_line) VALUES ($1, $2, $3)
     ON CONFLICT (tenant) DO UPDATE SET own_active = excluded.own_active, own_in_line = excluded.own_in_line
     RETURNING ${COLUMNS}`,
    [tenant, mostActive, mostInLine],
  );
  const detail = { most_active: mostActive, most_in_line: mostInLine, reason };
  await record({ type: 'admission.set', tenant, actor: author, object: OBJECT, detail });
  return ok(toRecord(row!));
}

export interface GrantAdmissionInput extends SetAdmissionInput {
  readonly weight: number;
}

/** What the platform gives a tenant: its weight among all, and the limits its own stay below. Evidence is the tenant's. */
export async function grantAdmission(
  tx: Tx,
  input: GrantAdmissionInput,
  record: RecordAdmission,
): Promise<Result<AdmissionRecord>> {
  const { tenant, weight, mostActive, mostInLine, reason, author } = input;
  const wrong = misshapen(input) ?? (isBetween(weight, 1, 1_000) ? null : 'A weight is a whole number from 1 to 1000.');
  if (wrong !== null) return refuse(misfit(wrong));
  const [row] = await tx.query<Row>(
    `INSERT INTO writ.admission (tenant, weight, granted_active, granted_in_line) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant) DO UPDATE SET weight = excluded.weight, granted_active = excluded.granted_active,
                                        granted_in_line = excluded.granted_in_line
     RETURNING ${COLUMNS}`,
    [tenant, weight, mostActive, mostInLine],
  );
  const detail = { weight, most_active: mostActive, most_in_line: mostInLine, reason };
  await record({ type: 'admission.granted', tenant, actor: author, object: OBJECT, detail });
  return ok(toRecord(row!));
}

const misfit = (message: string): Failure => ({ code: 'admission_shape', class: 'permanent', message });

const isBetween = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

function misshapen({ mostActive, mostInLine }: AdmissionLimits): string | null {
  if (mostActive !== null && !isBetween(mostActive, 1, MOST_IN_LINE)) {
    return `Runs led at once are a whole number from 1 to ${MOST_IN_LINE}.`;
  }
  if (mostInLine !== null && !isBetween(mostInLine, 0, MOST_IN_LINE)) {
    return `Runs in line are a whole number from 0 to ${MOST_IN_LINE}.`;
  }
  return null;
}

function beyond(asked: AdmissionLimits, granted: AdmissionLimits): string | null {
  if (asked.mostActive !== null && granted.mostActive !== null && asked.mostActive > granted.mostActive) {
    return `The platform grants this tenant ${granted.mostActive} runs led at once.`;
  }
  if (asked.mostInLine !== null && granted.mostInLine !== null && asked.mostInLine > granted.mostInLine) {
    return `The platform grants this tenant ${granted.mostInLine} runs in line.`;
  }
  return null;
}

const toRecord = (row: Row): AdmissionRecord => ({
  weight: row.weight,
  own: { mostActive: row.own_active, mostInLine: row.own_in_line },
  granted: { mostActive: row.granted_active, mostInLine: row.granted_in_line },
  inForce: { mostActive: row.most_active, mostInLine: row.most_in_line },
});
