import { type Params, type Predicate, testsOf, whereOf } from '@writ/database';
import { type AuditTest, auditTestSql, lineMarkersSql, readsEvent, unitMarkersSql } from './audit-test';

/** An exact time from whole microseconds: a float of seconds would round. */
export const microseconds = (value: number, params: Params): string =>
  `(timestamptz 'epoch' + ${params.add(Math.min(value, 9e15))}::bigint * interval '1 microsecond')`;

const COLUMNS = `(extract(epoch FROM u.at) * 1000000)::bigint::text AS at, u.run, u.seq + e.ord::int - 1 AS seq, e.line,
           u.tenant, u.seq AS unit_seq, e.ord`;

/**
 * The events of a predicate; ends inside its WHERE. JSON is read only where a test needs it, or `json` says so.
 * Over `u` (a row of writ.audit_unit), `e` (a line of it) and `j` (that line as JSON).
 */
export function eventsSql(
  where: Predicate<AuditTest>,
  params: Params,
  {
    columns = COLUMNS,
    sample = '',
    json = false,
  }: { readonly columns?: string; readonly sample?: string; readonly json?: boolean } = {},
): string {
  const read =
    json || testsOf(where).some(readsEvent) ? 'CROSS JOIN LATERAL (SELECT e.line::jsonb AS v OFFSET 0) j' : '';
  return `
    SELECT ${columns}
      FROM writ.audit_unit u ${sample}
     CROSS JOIN LATERAL string_to_table(writ.audit_lines(u), E'\\n') WITH ORDINALITY AS e (line, ord)
     ${read}
     WHERE ${unitMarkersSql(where, params)} AND ${lineMarkersSql(where, params)}
       AND ${whereOf(where, auditTestSql, params)}`;
}
