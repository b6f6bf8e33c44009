import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { DecisionRequest } from '@writ/policy';
import { highestRisk } from '@writ/words';
import type { Definition } from './definitions';
import { type Lookup, lookupOf } from './lookup';
import { reachedRisk } from './reached';
import { answerable, type Governed, isGoverned } from './risk';
import { newestVersions } from './store';

type ActRisk = NonNullable<DecisionRequest['risk']>;

async function published(tx: Tx, tenant: TenantId): Promise<readonly Definition[]> {
  return (await newestVersions(tx, tenant)).map(({ definition }) => definition);
}

/**
 * Of publishing each of these definitions: the highest tier of what it leads to and of what it takes the place of, so that nobody
 * who may not publish in a tier brings something out of it. In their order; null for one without a tier.
 */
export async function changeRisks(
  tx: Tx,
  tenant: TenantId,
  definitions: readonly Definition[],
): Promise<readonly (ActRisk | null)[]> {
  const now = await published(tx, tenant);
  const before = lookupOf(now, []);
  const after = lookupOf(now, definitions);
  return definitions.map((one) => (isGoverned(one) ? changeRisk(one, before, after) : null));
}

function changeRisk(definition: Governed, before: Lookup, after: Lookup): ActRisk {
  const held = before.get(definition.kind, definition.name) as Governed | undefined;
  const tiers = [reachedRisk(definition, after), ...(held ? [reachedRisk(held, before)] : [])];
  return { parts: [answerable(definition)], atLeast: highestRisk(tiers) };
}

type Supposed = Pick<DecisionRequest, 'object' | 'action'> & {
  /** The agents that would act. */
  readonly agents: readonly string[];
};

/** Of acts that are only supposed: the agents that would act and what it would be done with, as they are published now. */
export async function supposedRisk(tx: Tx, tenant: TenantId): Promise<(act: Supposed) => ActRisk> {
  const lookup = lookupOf(await published(tx, tenant), []);
  return (act) => riskIn(lookup, act);
}

function riskIn(lookup: Lookup, { agents, object, action }: Supposed): ActRisk {
  const kind = (['tool', 'agent', 'workflow'] as const).find((one) => one === object.type);
  const acted = kind === undefined ? undefined : lookup.get(kind, object.id);
  const parts = [...agents.map((agent) => lookup.get('agent', agent)), acted].filter((one) => one !== undefined);
  const whole = acted !== undefined && (action === 'run.start' || action.endsWith('.change'));
  return { parts: parts.map(answerable), ...(whole && { atLeast: reachedRisk(acted, lookup) }) };
}
