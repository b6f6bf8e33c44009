import { appendTenantEvent } from '@writ/audit';
import { Admissions } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { CliError } from '../cli-error';
import type { Row } from '../output/output';
import { operator } from './operator';
import { held, withDatabase } from './platform-database';

type AdmissionRecord = Awaited<ReturnType<Admissions['limits']>>;
type Variables = { readonly [name: string]: string | undefined };

interface Grant {
  readonly weight: number;
  readonly most_active: number | null;
  readonly most_in_line: number | null;
}

/** Gives a tenant its weight and its limits, in the database itself. */
export function grant(
  env: Variables,
  asked: { readonly tenant: string; readonly change: (now: Grant) => Grant; readonly reason: string },
): Promise<Row> {
  const tenant = asked.tenant as TenantId;
  return withDatabase(env, (db) =>
    db.withTenant(tenant, async (tx) => {
      const [known] = await tx.query(`SELECT FROM writ.tenant WHERE tenant = $1`, [tenant]);
      if (known === undefined) throw nobody(tenant);
      const admissions = new Admissions(db);
      const change = asked.change(grantOf(await admissions.limits(tx, tenant)));
      const { weight, most_active: mostActive, most_in_line: mostInLine } = change;
      const input = { tenant, weight, mostActive, mostInLine, reason: asked.reason, author: operator() };
      const granted = await admissions.grant(tx, input, ({ tenant: of, ...event }) => appendTenantEvent(tx, of, event));
      return { tenant, ...grantOf(held('Nothing was granted.', granted)) };
    }),
  );
}

const nobody = (tenant: string): CliError =>
  new CliError({
    exit: 'failed',
    code: 'not_found',
    what: 'Nothing was granted.',
    why: `There is no tenant ${tenant}.`,
    next: 'Give the id of one, ten_….',
  });

/** Tenants with a setting or with runs under way. */
export const list = (env: Variables): Promise<Row[]> =>
  withDatabase(env, async (db) => {
    const { tenants } = await new Admissions(db).load();
    return [...tenants].map(([tenant, load]) => ({
      tenant,
      weight: load.weight,
      most_active: load.mostActive,
      most_in_line: load.mostInLine,
      active: load.active,
      in_line: load.inLine,
      waited_ms: Math.round(load.waitedMs),
      lined_up_ms: Math.round(load.linedUpMs),
    }));
  });

const grantOf = ({ weight, granted }: AdmissionRecord): Grant => ({
  weight,
  most_active: granted.mostActive,
  most_in_line: granted.mostInLine,
});
