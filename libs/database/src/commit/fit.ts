import type { RunCreation, Unit, UnitBudget } from '../unit';

/** A unit above this is refused before it is sent: values over 32 KiB are kept by digest, so it is no real one. */
const LARGEST = 16 * 1_048_576;
const LARGEST_INT4 = 2 ** 31 - 1;
/** Epoch milliseconds that a Date can hold; timestamptz reaches further. */
const LAST_TIME = 8.64e15;

export const sizeOf = (unit: Unit): number => unit.journal.length + unit.audit.length + (unit.wait?.length ?? 0);

/**
 * True for text Postgres cannot keep byte for byte: NUL, which it refuses, and a lone surrogate, which would be stored
 * as U+FFFD under a hash of something else.
 */
const unkeepable = (text: string | null): boolean => text !== null && (text.includes('\u0000') || !text.isWellFormed());

const isInt4 = (value: number): boolean => Number.isInteger(value) && Math.abs(value) <= LARGEST_INT4;
const isTime = (value: number | null): boolean => value === null || Math.abs(value) <= LAST_TIME;

const textsOf = (create: RunCreation): readonly (string | null)[] => [
  create.workflow,
  create.workflowDigest,
  create.initiator,
  create.idempotencyKey,
  create.requestDigest,
  create.leaseOwner,
  create.traceId,
];

const countable = ({ reserve, settle }: UnitBudget): boolean =>
  [...reserve, ...settle].every(({ step, attempt }) => isInt4(step) && isInt4(attempt)) &&
  reserve.every(({ amount }) => Number.isSafeInteger(amount) && amount > 0) &&
  settle.every(({ actual }) => actual === null || (Number.isSafeInteger(actual) && actual >= 0));

/**
 * The SQLSTATE of what makes a unit impossible to send as it is; null for none. Known beforehand, so that encoding
 * never fails for a batch because of one unit in it, and never silently sends another value than the one that was meant.
 */
export function unfit(unit: Unit): string | null {
  const { create, authority } = unit;
  if (unkeepable(unit.id) || unkeepable(unit.tenant) || unkeepable(unit.run) || unkeepable(unit.wait)) return '22021';
  if (unkeepable(unit.journal) || unkeepable(unit.audit) || unit.mail.some(unkeepable)) return '22021';
  if (create !== null && textsOf(create).some(unkeepable)) return '22021';
  if (unit.resumes && unkeepable(unit.resumes.owner)) return '22021';
  if (!Number.isSafeInteger(unit.leaseEpoch)) return '22003';
  if (unit.resumes && !Number.isSafeInteger(unit.resumes.from)) return '22003';
  if (!Number.isSafeInteger(authority.tenant) || !Number.isSafeInteger(authority.platform)) return '22003';
  if (!isInt4(unit.seq) || !isInt4(unit.nextSeq) || !isInt4(unit.auditSeq)) return '22003';
  if (unit.budget && !countable(unit.budget)) return '22003';
  if (!(isTime(unit.wakeAt) || unit.wakeAt === Infinity) || !isTime(create?.deadlineAt ?? null)) return '22008';
  return sizeOf(unit) > LARGEST ? '54000' : null;
}
