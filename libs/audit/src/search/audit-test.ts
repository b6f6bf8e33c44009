import { type NameTest, type NumberBounds, type Params, type Predicate, whereOf } from '@writ/database';
import { keptPart } from '../packed';

/** One thing an audit event can be asked for. */
export type AuditTest =
  | { readonly field: AuditName; readonly name: NameTest }
  | { readonly field: 'step' | 'index' | 'time'; readonly bounds: NumberBounds }
  | { readonly field: 'is'; readonly word: 'sealed' | 'unsealed' }
  /** Anywhere in the event's bytes; letters A to Z in either case. */
  | { readonly field: 'text'; readonly contains: string };

export type AuditName =
  | 'type'
  | 'actor'
  | 'action'
  | 'object'
  | 'kind'
  | 'decision'
  | 'reason'
  | 'rule'
  | 'outcome'
  | 'tier'
  | 'run'
  | 'id'
  | 'trace';

/** Where a name stands in an event, and how canonical JSON writes its member. */
export const NAMES: {
  readonly [N in Exclude<AuditName, 'rule' | 'run'>]: { readonly sql: string; readonly member: string };
} = {
  type: { sql: `j.v ->> 'type'`, member: 'type' },
  actor: { sql: `j.v ->> 'actor'`, member: 'actor' },
  action: { sql: `j.v ->> 'action'`, member: 'action' },
  object: { sql: `j.v -> 'object' ->> 'id'`, member: 'id' },
  kind: { sql: `j.v -> 'object' ->> 'type'`, member: 'type' },
  decision: { sql: `j.v -> 'decision' ->> 'verdict'`, member: 'verdict' },
  reason: { sql: `j.v -> 'decision' ->> 'reason'`, member: 'reason' },
  outcome: { sql: `j.v ->> 'outcome'`, member: 'outcome' },
  tier: { sql: `j.v ->> 'tier'`, member: 'tier' },
  id: { sql: `j.v ->> 'id'`, member: 'id' },
  trace: { sql: `j.v ->> 'trace'`, member: 'trace' },
};

/** Whether a test needs the event as JSON, beside its unit and its bytes. */
export const readsEvent = (test: AuditTest): boolean => !['run', 'index', 'is', 'text'].includes(test.field);

/** An event's number in the log in force; null while it is not sealed. Over `u` (its unit) and `e` (its line). */
export const INDEX = `(SELECT l.first_index + u.seq - l.seq + e.ord - 1 FROM writ.log_span l
  WHERE l.tenant = u.tenant AND l.run = u.run AND l.seq <= u.seq AND l.seq + l.count > u.seq
    AND l.generation = (SELECT h.generation FROM writ.log_head h WHERE h.tenant = u.tenant)
  ORDER BY l.seq DESC LIMIT 1)`;

/** A test as SQL over `u` (a row of writ.audit_unit), `e` (a line of it) and `j` (that line as JSON). */
export function auditTestSql(test: AuditTest, params: Params): string {
  switch (test.field) {
    case 'run':
      return params.named('u.run', test.name);
    case 'rule':
      return `EXISTS (SELECT 1 FROM jsonb_array_elements(CASE WHEN jsonb_typeof(j.v -> 'decision' -> 'stages') = 'array'
                  THEN j.v -> 'decision' -> 'stages' ELSE '[]' END) AS s (stage),
                jsonb_array_elements(CASE WHEN jsonb_typeof(s.stage) = 'array' THEN s.stage ELSE '[]' END)
                  WITH ORDINALITY AS r (rid, n)
               WHERE r.n > 2 AND jsonb_typeof(r.rid) = 'string' AND ${params.named(`(r.rid #>> '{}')`, test.name)})`;
    case 'step':
      return params.bounded(
        `CASE WHEN jsonb_typeof(j.v -> 'step') = 'number' THEN (j.v ->> 'step')::float8 END`,
        'number',
        test.bounds,
      );
    case 'time':
      return params.bounded(`(j.v ->> 'time')::timestamptz`, 'time', test.bounds);
    case 'index':
      return params.bounded(`${INDEX}::float8`, 'number', test.bounds);
    case 'is':
      return `${INDEX} IS ${test.word === 'sealed' ? 'NOT NULL' : 'NULL'}`;
    case 'text':
      return `position(lower(${params.add(test.contains)} COLLATE "C") IN lower(e.line COLLATE "C")) > 0`;
    default:
      return params.named(`(${NAMES[test.field].sql})`, test.name);
  }
}

/**
 * A condition on a line that holds wherever the predicate does: what its names look like in canonical JSON. Asked first,
 * because looking for a text costs a tenth of reading JSON.
 */
export const lineMarkersSql = (predicate: Predicate<AuditTest>, params: Params): string =>
  markersSql(markersOf(predicate, markerOf), 'e.line', params);

/** The same of a whole unit as it lies, before anything of it is unpacked. */
export const unitMarkersSql = (predicate: Predicate<AuditTest>, params: Params): string =>
  markersSql(
    markersOf(predicate, (test) => {
      const marker = markerOf(test);
      // What the events of a unit have in common is not said in letters.
      return marker === null || test.field === 'trace' ? null : keptPart(marker);
    }),
    'u.events',
    params,
  );

function markersSql(markers: Predicate<string> | null, text: string, params: Params): string {
  return markers === null
    ? 'TRUE'
    : whereOf(markers, (marker) => `position(${params.add(marker)} IN ${text}) > 0`, params);
}

/** Texts that an event must hold for the predicate to hold; null where none can be told. */
function markersOf(
  predicate: Predicate<AuditTest>,
  markerOf: (test: AuditTest) => string | null,
): Predicate<string> | null {
  const of = (part: Predicate<AuditTest>): Predicate<string> | null => markersOf(part, markerOf);
  if ('not' in predicate) return null;
  if ('test' in predicate) {
    const marker = markerOf(predicate.test);
    return marker === null ? null : { test: marker };
  }
  if ('all' in predicate) {
    const all = predicate.all.map(of).filter((part) => part !== null);
    return all.length === 0 ? null : { all };
  }
  const any = predicate.any.map(of);
  return any.includes(null) ? null : { any: any.filter((part) => part !== null) };
}

function markerOf(test: AuditTest): string | null {
  if (!('name' in test) || test.field === 'run') return null;
  const written = JSON.stringify('is' in test.name ? test.name.is : test.name.starts);
  const begun = 'is' in test.name ? written : written.slice(0, -1);
  return test.field === 'rule' ? begun : `"${NAMES[test.field].member}":${begun}`;
}
