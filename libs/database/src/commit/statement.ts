import type { Unit } from '../unit';
import { boolArray, byteaArray, int4Array, int8Array, textArray, timestampArray } from './binary-array';

const PARAMETERS = 27;

/** Named, so it is parsed and planned once per connection. */
export const COMMIT_STATEMENT = {
  name: 'commit_units',
  text: `SELECT writ.commit_units(${Array.from({ length: PARAMETERS }, (_, i) => `$${i + 1}`).join(', ')}) AS answer`,
} as const;

/** A batch as the parameters of `writ.commit_units`: parallel arrays, one element per unit, creation or letter. */
export function commitParameters(units: readonly Unit[]): Buffer[] {
  const created = units.flatMap((unit, i) => (unit.create ? [{ ord: i + 1, row: unit.create }] : []));
  const mail = units.flatMap((unit, i) => unit.mail.map((id) => ({ ord: i + 1, id })));
  return [
    textArray(units.map((unit) => unit.id)),
    textArray(units.map((unit) => unit.tenant)),
    textArray(units.map((unit) => unit.run)),
    int8Array(units.map((unit) => unit.leaseEpoch)),
    int8Array(units.map((unit) => unit.authority.tenant)),
    int8Array(units.map((unit) => unit.authority.platform)),
    int4Array(units.map((unit) => unit.seq)),
    int4Array(units.map((unit) => unit.nextSeq)),
    int4Array(units.map((unit) => unit.auditSeq)),
    textArray(units.map((unit) => unit.status)),
    textArray(units.map((unit) => unit.wait)),
    timestampArray(units.map((unit) => unit.wakeAt)),
    boolArray(units.map((unit) => unit.release)),
    textArray(units.map((unit) => unit.journal)),
    textArray(units.map((unit) => unit.audit)),
    byteaArray(units.map((unit) => unit.auditHashes)),
    int4Array(created.map((one) => one.ord)),
    textArray(created.map((one) => one.row.workflow)),
    textArray(created.map((one) => one.row.workflowDigest)),
    textArray(created.map((one) => one.row.initiator)),
    textArray(created.map((one) => one.row.idempotencyKey)),
    textArray(created.map((one) => one.row.requestDigest)),
    textArray(created.map((one) => one.row.leaseOwner)),
    textArray(created.map((one) => one.row.traceId)),
    timestampArray(created.map((one) => one.row.deadlineAt)),
    int4Array(mail.map((one) => one.ord)),
    textArray(mail.map((one) => one.id)),
  ];
}
