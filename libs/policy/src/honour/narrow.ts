import type { HopBounds, Json, ToolGrant } from '@writ/kernel';
import { canonicalJson } from '@writ/kernel';
import type { Obligation } from '../types';
import { dutiesOf, type Terms } from './terms';

/** What goes along with something that is passed on. */
export interface PassedOn {
  readonly bounds: HopBounds;
  /** Tool calls, of all below together; undefined for as many as the limits around allow. */
  readonly uses: number | undefined;
}

/**
 * What goes along, less what the obligations of its decision take away. `now`: epoch milliseconds of the decision.
 * INVARIANT (I6): each of them only narrows; where there are several, all of them bound.
 */
export function narrowed(bounds: HopBounds, obligations: readonly Obligation[], now: number): PassedOn {
  let narrow: PassedOn = { bounds, uses: undefined };
  for (const { terms } of dutiesOf(obligations, 'bound_delegation')) {
    narrow = { bounds: within(narrow.bounds, terms, now), uses: least(narrow.uses, terms.uses) };
  }
  return narrow;
}

function within(bounds: HopBounds, terms: Terms<'bound_delegation'>, now: number): HopBounds {
  const tools = both(bounds.tools, terms.tools?.map(grantOf), commonGrants);
  const labels = both(bounds.labels, terms.labels, (a, b) => a.filter((label) => b.includes(label)));
  const depth = least(bounds.depth, terms.depth);
  const end = least(bounds.expires_at, terms.lasts_ms === undefined ? undefined : now + terms.lasts_ms);
  return {
    ...(tools !== undefined && { tools }),
    ...(depth !== undefined && { depth }),
    ...(end !== undefined && { expires_at: end }),
    ...(labels !== undefined && { labels }),
  };
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

const both = <T>(a: T | undefined, b: T | undefined, meet: (a: T, b: T) => T): T | undefined =>
  a === undefined ? b : b === undefined ? a : meet(a, b);

function grantOf(grant: NonNullable<Terms<'bound_delegation'>['tools']>[number]): ToolGrant {
  if (typeof grant === 'string') return { tool: grant };
  const { tool, only, at_most: atMost } = grant;
  return { tool, ...(only && { only }), ...(atMost && { atMost }) };
}

/** A call is covered by one grant of each list, so what both cover is what every pair of grants covers together. */
const commonGrants = (a: readonly ToolGrant[], b: readonly ToolGrant[]): readonly ToolGrant[] =>
  a.flatMap((one) => b.flatMap((other) => (one.tool === other.tool ? [commonOf(one, other)] : [])));

function commonOf(a: ToolGrant, b: ToolGrant): ToolGrant {
  const only = joined(a.only, b.only, (some, others) => {
    const known = new Set(others.map((value) => canonicalJson(value)));
    return some.filter((value) => known.has(canonicalJson(value)));
  });
  const atMost = joined(a.atMost, b.atMost, Math.min);
  return { tool: a.tool, ...(only && { only }), ...(atMost && { atMost }) };
}

type ByPointer<T> = { readonly [pointer: string]: T };

function joined<T extends number | readonly Json[]>(
  a: ByPointer<T> | undefined,
  b: ByPointer<T> | undefined,
  meet: (a: T, b: T) => T,
): ByPointer<T> | undefined {
  if (!a || !b) return a ?? b;
  const met: { [pointer: string]: T } = { ...a };
  for (const [pointer, value] of Object.entries(b)) {
    met[pointer] = Object.hasOwn(a, pointer) ? meet(a[pointer]!, value) : value;
  }
  return met;
}
