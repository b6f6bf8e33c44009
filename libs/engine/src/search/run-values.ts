import { type Database, Params } from '@writ/database';
import { idsOf, type RunScope, windowSql } from './run-window';

export type ValueField = 'status' | 'workflow' | 'initiator' | 'agent' | 'tool' | 'model' | 'reason';

export interface FieldValues {
  readonly values: readonly { readonly value: string; readonly count: number }[];
  /** False when only the newest runs of the window were looked at. */
  readonly complete: boolean;
}

const COLUMNS: { readonly [field: string]: string } = {
  status: 'status',
  workflow: 'workflow',
  initiator: 'initiator',
};
const MEMBERS: { readonly [field: string]: string } = {
  agent: `e.v ->> 'agent'`,
  tool: `CASE WHEN e.v ->> 'kind' = 'tool' THEN e.v ->> 'target' END`,
  model: `CASE WHEN e.v ->> 'kind' = 'model' THEN e.v ->> 'target' END`,
  reason: `CASE WHEN e.v ? 'decision' THEN coalesce(e.v -> 'decision' ->> 'reason', 'allowed') END`,
};

export interface ValuesQuery {
  readonly scope: Pick<RunScope, 'tenant' | 'window'>;
  readonly field: ValueField;
  readonly prefix: string;
  readonly limit: number;
}

/** So many of the newest runs are looked at: what somebody types is found there, or typed out. */
const NEWEST = { columns: 50_000, journal: 1_000 };

/** Values of one field that begin with a prefix, with the number of runs that have each, most frequent first. */
export async function runValues(db: Database, asked: ValuesQuery): Promise<FieldValues> {
  const { scope, field, prefix, limit } = asked;
  const params = new Params();
  const ids = idsOf(scope.window);
  const column = COLUMNS[field];
  const most = column === undefined ? NEWEST.journal : NEWEST.columns;
  const newest = `
    SELECT r.* FROM writ.run r
     WHERE r.tenant = ${params.add(scope.tenant)} AND r.id >= ${params.add(ids.low)} AND r.id < ${params.add(ids.high)}
       AND ${windowSql(scope.window, params)}
     ORDER BY r.id DESC LIMIT ${params.add(most)}::int`;
  const named =
    column === undefined ? inJournal(MEMBERS[field]!, newest) : `SELECT r.${column} AS value, r.id FROM (${newest}) r`;
  const looked = `SELECT count(*)::int AS looked FROM (${newest}) r`;
  const bound = [...params.values];
  const text = `
    SELECT v.value, count(*)::int AS count FROM (${named}) v WHERE starts_with(v.value, ${params.add(prefix)}) GROUP BY v.value ORDER BY count(*) DESC, v.value LIMIT ${params.add(limit)}::int`;
  const found = await db.briefly(scope.tenant, async (tx) => {
    const [there] = await tx.query<{ looked: number }>(looked, bound);
    const values = await tx.query<{ value: string; count: number }>(text, params.values);
    return { values, complete: (there?.looked ?? 0) < most };
  });
  return found ?? { values: [], complete: false };
}

/** One row per run and value, however often the run has it. */
const inJournal = (member: string, runs: string): string => `
  SELECT DISTINCT m.value, r.id FROM (${runs}) r
   CROSS JOIN LATERAL (SELECT * FROM writ.journal j WHERE j.tenant = r.tenant AND j.run = r.id OFFSET 0) j
   CROSS JOIN LATERAL string_to_table(j.events, E'\\n') AS l (line)
   CROSS JOIN LATERAL (SELECT CASE WHEN position('"decision":' IN l.line) > 0 THEN l.line::jsonb END) AS e (v)
   CROSS JOIN LATERAL (SELECT ${member} AS value) AS m
   WHERE m.value IS NOT NULL`;
