import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { RiskTier } from '@writ/words';
import { lookupOf } from './lookup';
import { governedName, reachedRisk, usersOf } from './reached';
import { type Governed, isGoverned } from './risk';
import { type DefinitionRow, newestStored } from './store';

/** Something that may run, in its newest version. */
export interface Inventoried extends DefinitionRow {
  readonly definition: Governed;
  /** The highest tier of what it may touch. */
  readonly reaches: RiskTier;
  /** `agent orders`, `workflow desk`: what names it. */
  readonly usedBy: readonly string[];
}

/** Every agent, workflow and tool of a tenant, by kind and name. */
export async function inventory(tx: Tx, tenant: TenantId): Promise<readonly Inventoried[]> {
  const stored = await newestStored(tx, tenant);
  const lookup = lookupOf(
    stored.map(({ definition }) => definition),
    [],
  );
  const governed = stored.flatMap(({ definition, ...row }) => (isGoverned(definition) ? [{ ...row, definition }] : []));
  const users = usersOf(
    governed.map(({ definition }) => definition),
    lookup,
  );
  return governed.map((one) => ({
    ...one,
    reaches: reachedRisk(one.definition, lookup),
    usedBy: users.get(governedName(one.definition)) ?? [],
  }));
}
