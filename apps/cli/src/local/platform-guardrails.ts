import { readFileSync } from 'node:fs';
import { guarding } from '@writ/policy';
import { usage } from '../cli-error';
import type { Row } from '../output/output';
import { operator } from './operator';
import { asOwner, held, onDatabase, recordIn } from './platform-database';

type Variables = { readonly [name: string]: string | undefined };
type Version = Awaited<ReturnType<typeof guarding.platform.versions>>[number];

/** Puts guardrails in force for every tenant, in the database itself; without a path, takes away what there was. */
export async function putPlatformGuardrails(
  env: Variables,
  asked: { readonly path: string | null; readonly reason: string },
): Promise<Row> {
  const { path, reason } = asked;
  const document = path === null ? guarding.platform.none : held(UNREADABLE, guarding.platform.parse(textAt(path)));
  const input = { document, reason, author: operator() };
  return asOwner(env, (db) =>
    db.platform(async (tx) => {
      const done = held('Nothing was put in force.', await guarding.platform.put(tx, input, recordIn(tx)));
      return { digest: done.digest, previous: done.previous, changed: done.changed, tenants: done.tenants };
    }),
  );
}

const UNREADABLE = 'The guardrails cannot be read.';

function textAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usage(UNREADABLE, (error as Error).message, 'Give the path of a YAML or JSON file.');
  }
}

const versionsIn = (env: Variables): Promise<readonly Version[]> =>
  onDatabase(env, '*', (tx) => guarding.platform.versions(tx));

/** What holds for every tenant now; null where the platform never added anything. */
export const platformGuardrails = async (env: Variables): Promise<Version | null> =>
  (await versionsIn(env)).find(({ inForce }) => inForce) ?? null;

export const platformVersions = async (env: Variables): Promise<Row[]> =>
  (await versionsIn(env)).map(({ digest, document: { guardrails }, author, at, inForce }) => ({
    digest,
    checks: Object.keys(guardrails.checks).length,
    absolute: Object.keys(guardrails.absolute).length,
    author,
    first_set_at: new Date(at).toISOString(),
    in_force: inForce,
  }));
