import type { Database } from '@writ/database';
import { type KnownPrincipal, knownPrincipals } from '@writ/identity';
import type { JsonObject, TenantId } from '@writ/kernel';
import { type DecisionRequest, outside, type TenantAuthority } from '@writ/policy';
import type { Call } from '../frame/call';

/** Entries of the directory that one question looks at; a tenant with more has them asked about one by one. */
const MOST = 2_000;

type Entry = Awaited<ReturnType<typeof outside.directory.list>>[number];

/** Everybody the tenant knows as somebody who acts: holders of keys, and people and services of the directory. */
export async function knownPeople(database: Database, tenant: TenantId): Promise<readonly KnownPrincipal[]> {
  return database.withTenant(tenant, async (tx) => {
    const known = new Map((await knownPrincipals(tx, tenant)).map((one) => [one.id, one]));
    for (const kind of ['service', 'user'] as const) {
      for (const { type, id } of await outside.directory.list(tx, { tenant, type: kind, limit: MOST })) {
        const name = `${type}:${id}`;
        if (!known.has(name)) known.set(name, { id: name, kind, roles: [] });
      }
    }
    return [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  });
}

/**
 * A question about an act of an application, once for each subject that could ask it: those of the directory, with what it
 * knows of them and of the thing. Null where the act is no word of the policy's vocabulary.
 */
export async function questionsOfAll(
  database: Database,
  { tenant, snapshot }: TenantAuthority,
  { body, now }: { readonly body: Call<'whoCan'>['body']; readonly now: number },
): Promise<readonly DecisionRequest[] | null> {
  const vocabulary = snapshot?.vocabulary;
  if (!vocabulary?.actions.has(body.action)) return null;
  const { action, object, attributes = {} } = body;
  const { thing, subjects } = await database.withTenant(tenant, async (tx) => {
    const found: Entry[] = [];
    for (const type of [...vocabulary.subjects].sort()) {
      found.push(...(await outside.directory.list(tx, { tenant, type, limit: MOST - found.length })));
      if (found.length >= MOST) break;
    }
    return { thing: (await outside.directory.find(tx, tenant, [object]))[0], subjects: found };
  });
  const resource = { ...object, properties: { ...given(object.type, attributes), ...thing?.properties } };
  return subjects.map(({ type, id, properties }) =>
    outside.requestOf({ tenant, subject: { type, id, properties }, action: { name: action }, resource, now }),
  );
}

/** `record.owner` of a question about a record, as the property `owner`. */
function given(type: string, attributes: JsonObject): JsonObject {
  const own = Object.entries(attributes).filter(([name]) => name.startsWith(`${type}.`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(type.length + 1), value])) as JsonObject;
}
