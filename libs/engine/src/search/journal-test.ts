import type { NameTest, Params } from '@writ/database';
import type { JournalTest } from './test-types';

/** A stop is recorded as a question that waits for its release, and is a refusal all the same. */
const STOPPED = `coalesce(e.v -> 'decision' ->> 'reason', '') = 'stopped'`;
const DENIAL = `(e.v ->> 'type' = 'step_denied' OR (e.v ->> 'type' = 'step_asked' AND ${STOPPED}))`;
const APPROVAL = `(e.v ->> 'type' = 'step_asked' AND NOT ${STOPPED})`;

/** Events that show it, and a text without which none of a unit's events can. */
const HAPPENED = {
  denial: { markers: ['"type":"step_denied"', '"type":"step_asked"'], is: DENIAL },
  approval: { markers: ['"type":"step_asked"'], is: APPROVAL },
  handoff: { markers: ['"kind":"handoff"'], is: `(e.v ->> 'type' = 'step_intended' AND e.v ->> 'kind' = 'handoff')` },
  retry: {
    markers: ['"attempt":'],
    is: `(e.v ->> 'type' = 'retry_scheduled' OR (e.v ->> 'type' = 'step_intended' AND (e.v ->> 'attempt')::int > 1))`,
  },
  unknown: { markers: ['"type":"step_unknown"'], is: `e.v ->> 'type' = 'step_unknown'` },
  takeover: { markers: ['"type":"run_resumed"'], is: `e.v ->> 'type' = 'run_resumed'` },
} as const;

/** A test that only the journal can answer, as SQL over `r`, a row of writ.run. */
export function journalTest(test: JournalTest, params: Params): string {
  switch (test.field) {
    case 'has':
      return someEvent({ ...HAPPENED[test.word], params });
    case 'decision':
      // The decision that let it start is one of the run's.
      if (test.word === 'allow') return 'TRUE';
      return someEvent({ ...HAPPENED[test.word === 'ask' ? 'approval' : 'denial'], params });
    case 'agent':
      return someEvent({ ...named('agent', test.name, params), params });
    case 'tool':
    case 'model': {
      const { markers, is } = named('target', test.name, params);
      return someEvent({ markers, is: `(${is} AND e.v ->> 'kind' = ${params.add(test.field)})`, params });
    }
    case 'reason': {
      const reason = `CASE WHEN e.v ? 'decision' THEN coalesce(e.v -> 'decision' ->> 'reason', 'allowed') END`;
      return someEvent({ markers: ['"decision":'], is: params.named(reason, test.name), params });
    }
    case 'text':
      return textSql(test.contains, params);
    default:
      return params.bounded(COUNTS[test.field], 'number', test.bounds);
  }
}

/** A member of the event itself. The marker is how canonical JSON writes it; as a member of something inside, it may mislead. */
function named(
  member: string,
  name: NameTest,
  params: Params,
): { readonly markers: readonly string[]; readonly is: string } {
  const written = JSON.stringify('is' in name ? name.is : name.starts);
  const marker = `"${member}":${'is' in name ? written : written.slice(0, -1)}`;
  return { markers: [marker], is: params.named(`(e.v ->> '${member}')`, name) };
}

interface Wanted {
  readonly markers: readonly string[];
  readonly is: string;
  readonly params: Params;
}

/**
 * Whether some event of the run is such. Reading a line as JSON costs ten times what looking for a text in it does, so
 * only lines with a marker are read. OFFSET 0 keeps the planner from joining the whole journal instead of asking by key.
 */
function someEvent({ markers, is, params }: Wanted): string {
  const places = markers.map((marker) => params.add(marker));
  const holds = (text: string): string =>
    `(${places.map((place) => `position(${place} IN ${text}) > 0`).join(' OR ')})`;
  return `EXISTS (
    SELECT 1 FROM writ.journal j
     CROSS JOIN LATERAL string_to_table(j.events, E'\\n') AS l (line)
     CROSS JOIN LATERAL (SELECT CASE WHEN ${holds('l.line')} THEN l.line::jsonb END) AS e (v)
     WHERE j.tenant = r.tenant AND j.run = r.id AND ${holds('j.events')} AND ${is}
    OFFSET 0)`;
}

/**
 * Free text. A journal holds the salts of the evidence's commitments; they are taken out before a match counts, so that
 * nobody can guess one letter by letter.
 */
function textSql(contains: string, params: Params): string {
  const place = `lower(${params.add(contains)} COLLATE "C")`;
  const inside = (text: string): string => `position(${place} IN lower(${text} COLLATE "C")) > 0`;
  const names = `concat_ws(' ', r.id, r.workflow, r.initiator, r.status, r.trace_id)`;
  return `(${inside(names)} OR EXISTS (
    SELECT 1 FROM writ.journal j WHERE j.tenant = r.tenant AND j.run = r.id AND ${inside('j.events')}
       AND ${inside(`regexp_replace(j.events, '"salt":"[^"]*"', '', 'g')`)}
    OFFSET 0))`;
}

const lines = (types: string): string => `
  SELECT l.line::jsonb AS v FROM writ.journal j CROSS JOIN LATERAL string_to_table(j.events, E'\\n') AS l (line)
   WHERE j.tenant = r.tenant AND j.run = r.id AND (${types}) OFFSET 0`;
const INTENDED = `position('"type":"step_intended"' IN l.line) > 0`;
const SETTLED = `position('"type":"step_settled"' IN l.line) > 0`;

/** What child runs reported of theirs. */
const reported = (of: string): string => `(SELECT coalesce(sum((e.v -> 'usage' ->> '${of}')::float8), 0)
    FROM (${lines(`position('"type":"child_ended"' IN l.line) > 0`)}) e WHERE e.v ->> 'type' = 'child_ended')`;

/** Counted as lists count them: attempts of models, steps of tools, tokens charged, and what child runs used. */
const COUNTS = {
  model_calls: `(${reported('model_calls')} + (SELECT count(*) FROM (${lines(INTENDED)}) e
    WHERE e.v ->> 'type' = 'step_intended' AND e.v ->> 'kind' = 'model'))::float8`,
  tool_calls: `(${reported('tool_calls')} + (SELECT count(*) FROM (${lines(INTENDED)}) e
    WHERE e.v ->> 'type' = 'step_intended' AND e.v ->> 'kind' = 'tool' AND (e.v ->> 'attempt')::int = 1))::float8`,
  // An attempt that was never settled and had a next one is charged what was reserved for it.
  tokens: `(${reported('tokens')} + (WITH e AS MATERIALIZED (
      ${lines(`${INTENDED} OR ${SETTLED}`)}
    ), tried AS (
      SELECT e.v -> 'step' AS step, (e.v ->> 'attempt')::int AS attempt,
             sum((e.v ->> 'tokens')::float8) FILTER (WHERE e.v ->> 'type' = 'step_settled') AS tokens,
             bool_or(e.v ->> 'type' = 'step_settled') AS settled,
             max((e.v ->> 'reserve')::float8) FILTER (WHERE e.v ->> 'type' = 'step_intended' AND e.v ->> 'kind' = 'model') AS reserve
        FROM e GROUP BY 1, 2
    ), followed AS (
      SELECT *, lead(attempt) OVER (PARTITION BY step ORDER BY attempt) AS next FROM tried
    )
    SELECT coalesce(sum(coalesce(tokens, 0) + CASE WHEN NOT settled AND next = attempt + 1 THEN coalesce(reserve, 0) ELSE 0 END), 0)
      FROM followed))`,
};
