import type { InputId, Json, JsonObject, RunId, TenantId } from '@writ/kernel';
import { canonicalJson } from '@writ/kernel';
import type { Tx } from '@writ/database';

/** A question a run puts to people. Times are epoch milliseconds. */
export interface Question {
  readonly tenant: TenantId;
  readonly id: InputId;
  readonly run: RunId;
  readonly workflow: string;
  /** Node of the workflow that waits. */
  readonly path: string;
  readonly words: string;
  /** JSON schema of the answer. */
  readonly schema: JsonObject;
  /** Who is asked: holders of this role; null for all whom the policy lets answer. */
  readonly role: string | null;
  readonly status: 'pending' | 'answered' | 'withdrawn';
  readonly askedAt: number;
  readonly expiresAt: number | null;
  readonly answer: Json | undefined;
  readonly answeredBy: string | null;
  readonly endedAt: number | null;
}

interface Row {
  readonly tenant: TenantId;
  readonly id: InputId;
  readonly run: RunId;
  readonly workflow: string;
  readonly path: string;
  readonly words: string;
  readonly schema: string;
  readonly role: string | null;
  readonly status: Question['status'];
  readonly asked_at: Date;
  readonly expires_at: Date | null;
  readonly answer: string | null;
  readonly answered_by: string | null;
  readonly ended_at: Date | null;
}

const COLUMNS =
  'tenant, id, run, workflow, path, words, schema, role, status, asked_at, expires_at, answer, answered_by, ended_at';

const toQuestion = (row: Row): Question => ({
  tenant: row.tenant,
  id: row.id,
  run: row.run,
  workflow: row.workflow,
  path: row.path,
  words: row.words,
  schema: JSON.parse(row.schema) as JsonObject,
  role: row.role,
  status: row.status,
  askedAt: row.asked_at.getTime(),
  expiresAt: row.expires_at?.getTime() ?? null,
  answer: row.answer === null ? undefined : (JSON.parse(row.answer) as Json),
  answeredBy: row.answered_by,
  endedAt: row.ended_at?.getTime() ?? null,
});

export type NewQuestion = Pick<
  Question,
  'tenant' | 'id' | 'run' | 'workflow' | 'path' | 'words' | 'schema' | 'role' | 'askedAt' | 'expiresAt'
>;

/** False when it was there already: the same node asks once, however often it is tried. */
export async function insertQuestion(tx: Tx, made: NewQuestion): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO writ.question (tenant, id, run, workflow, path, words, schema, role, asked_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant, id) DO NOTHING RETURNING id`,
    [
      made.tenant,
      made.id,
      made.run,
      made.workflow,
      made.path,
      made.words,
      canonicalJson(made.schema),
      made.role,
      new Date(made.askedAt),
      made.expiresAt === null ? null : new Date(made.expiresAt),
    ],
  );
  return rows.length > 0;
}

export async function questionById(
  tx: Tx,
  key: { readonly tenant: TenantId; readonly id: string; readonly lock: boolean },
): Promise<Question | null> {
  const [row] = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.question WHERE tenant = $1 AND id = $2 ${key.lock ? 'FOR UPDATE' : ''}`,
    [key.tenant, key.id],
  );
  return row ? toQuestion(row) : null;
}

/** Answers a question that this transaction has locked. */
export async function keepAnswer(
  tx: Tx,
  of: Pick<Question, 'tenant' | 'id'>,
  given: { readonly answer: Json; readonly by: string; readonly now: number },
): Promise<void> {
  await tx.query(
    `UPDATE writ.question SET status = 'answered', answer = $3, answered_by = $4, ended_at = $5
      WHERE tenant = $1 AND id = $2`,
    [of.tenant, of.id, canonicalJson(given.answer), given.by, new Date(given.now)],
  );
}

/** Nobody needs the answer any more: of one question, or of all that a run has put. */
export async function withdrawQuestions(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly run: RunId; readonly id?: InputId },
  now: number,
): Promise<void> {
  await tx.query(
    `UPDATE writ.question SET status = 'withdrawn', ended_at = $4
      WHERE tenant = $1 AND run = $2 AND status = 'pending' AND ($3::text IS NULL OR id = $3)`,
    [of.tenant, of.run, of.id ?? null, new Date(now)],
  );
}

/** Questions, oldest first; `after` is the id of the last one before. */
export async function listQuestions(
  tx: Tx,
  query: {
    readonly tenant: TenantId;
    readonly open: boolean;
    readonly run: RunId | null;
    readonly limit: number;
    readonly after: string | null;
  },
): Promise<readonly Question[]> {
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.question
      WHERE tenant = $1 AND (NOT $2 OR status = 'pending') AND ($3::text IS NULL OR run = $3)
        AND ($4::text IS NULL OR id > $4) ORDER BY id LIMIT $5`,
    [query.tenant, query.open, query.run, query.after, query.limit],
  );
  return rows.map(toQuestion);
}
