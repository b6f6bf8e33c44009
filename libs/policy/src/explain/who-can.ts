import type { PrincipalKind } from '@writ/kernel';
import { roleName } from '@writ/rules';
import type { TenantAuthority } from '../authority';
import { decide } from '../decide';
import { KNOWN_OBLIGATIONS } from '../obligations';
import { sentence } from '../sentence';
import type { Decision, DecisionRequest } from '../types';
import { everybody, type Known } from './approvers';
import { pathTo } from './explain';
import { written } from './written';

const AGENT = 'agent:';

/** One who may, and by what. */
export interface WhoCan {
  readonly subject: string;
  /** `perhaps`: it depends on values the question did not give. */
  readonly verdict: 'allow' | 'ask' | 'perhaps';
  /** From the name over its roles to each rule that allows; for `perhaps`, that nearly does. */
  readonly paths: readonly (readonly string[])[];
  /** What it depends on. */
  readonly when: string | null;
  readonly sentence: string;
}

/** Who is known, and how risky the act is where these agents have a part in it. */
export interface Asked {
  readonly known: readonly Known[];
  readonly riskOf?: (agents: readonly string[]) => NonNullable<DecisionRequest['risk']>;
}

/**
 * Everybody known who may do this in their own name: people, services, agents. An agent never exceeds whom it acts for,
 * so its line tells what it may at most.
 */
export function whoCan(
  authority: TenantAuthority,
  act: Omit<DecisionRequest, 'initiator' | 'chain' | 'tenant' | 'risk'>,
  { known, riskOf }: Asked,
): readonly WhoCan[] {
  const { tenant } = authority;
  const requests = everybody(authority, known).map((one): DecisionRequest => ({
    ...act,
    tenant,
    initiator: { tenant, ...one },
    chain: [],
    ...(riskOf && { risk: riskOf(one.id.startsWith(AGENT) ? [one.id.slice(AGENT.length)] : []) }),
  }));
  const groups = (authority.snapshot ? written(authority.snapshot).groups : []).flatMap((group) => {
    const answer = holdersOf(authority, { ...act, tenant, ...(riskOf && { risk: riskOf([]) }) }, group);
    return answer === null ? [] : [answer];
  });
  return [...whoOf(authority, requests, null), ...groups];
}

/** No name that anybody has: whoever holds a role, or is covered by a pattern, and is named by nothing else. */
const NOBODY_NAMED = '?';

/**
 * What rules give to whoever holds this role, or is covered by this pattern, without being named: people who come with a
 * token are known to nobody before. Null where they give nothing by this very name.
 */
function holdersOf(
  authority: TenantAuthority,
  act: Omit<DecisionRequest, 'initiator' | 'chain'>,
  group: string,
): WhoCan | null {
  const { tenant, snapshot } = authority;
  const [, kind = 'user', prefix = ''] = /^(user|service|agent):(.*)\*$/.exec(group) ?? [];
  const roles = group.startsWith('role:') ? [group.slice('role:'.length)] : [];
  const initiator = { tenant, kind: kind as PrincipalKind, id: `${kind}:${prefix}${NOBODY_NAMED}`, roles };
  const request: DecisionRequest = { ...act, initiator, chain: [] };
  const policy = written(snapshot!);
  const concerns = (rid: string): boolean => {
    const subject = policy.rule(rid)?.subject;
    return subject === group || (roles.length > 0 && !!subject?.startsWith('role:') && !!policy.path(group, subject));
  };
  return answerOf(
    authority,
    { request, decision: decide(authority, request) },
    {
      names: [group],
      concerns,
      isOpen: policy.isPersonal,
    },
  );
}

/**
 * Of these who ask for the same in their own name, the ones who may. An application's enforcer is supposed to keep every
 * promise there is: which it keeps is its own to say.
 */
export function whoMay(authority: TenantAuthority, requests: readonly DecisionRequest[]): readonly WhoCan[] {
  return whoOf(authority, requests, KNOWN_OBLIGATIONS);
}

function whoOf(
  authority: TenantAuthority,
  requests: readonly DecisionRequest[],
  honoured: ReadonlySet<string> | null,
): readonly WhoCan[] {
  return requests.flatMap((request) => {
    const answer = answerOf(authority, { request, decision: decide(authority, request, honoured) });
    return answer === null ? [] : [answer];
  });
}

/** Whose answer it is: the names they go by, the rules that concern them, and those whose word is open until they are known. */
interface Asker {
  readonly names: readonly string[];
  concerns(rid: string): boolean;
  isOpen(rid: string): boolean;
}

const somebody = ({ initiator }: DecisionRequest): Asker => ({
  names: [initiator.id, ...initiator.roles.map(roleName)],
  concerns: () => true,
  isOpen: () => false,
});

function answerOf(
  authority: TenantAuthority,
  { request, decision }: { readonly request: DecisionRequest; readonly decision: Decision },
  { names, concerns, isOpen }: Asker = somebody(request),
): WhoCan | null {
  const { snapshot } = authority;
  const asked = decision.stages.findLast(({ stage }) => stage === 'initiator');
  const paths = (rids: readonly string[]) => [...new Set(rids)].map((rid) => pathTo(snapshot, names, rid));
  const [subject = ''] = names;
  const common = { subject, sentence: sentence(decision).replaceAll(request.initiator.id, subject) };
  if (decision.verdict !== 'deny') {
    const spoke = (asked?.matches ?? []).filter(({ rid, error }) => error === undefined && concerns(rid));
    const rids = spoke.map(({ rid }) => rid);
    if (rids.length === 0) return null;
    const open = rids.every(isOpen);
    const when = open ? rids.map((rid) => `by the condition of rule ${rid}`).join(', or ') : null;
    return { ...common, verdict: open ? 'perhaps' : decision.verdict, paths: paths(rids), when };
  }
  // Only what could not be told makes a perhaps: what was told and is not so is a no.
  const erred = new Set((asked?.matches ?? []).filter(({ error }) => error !== undefined).map(({ rid }) => rid));
  const misses = decision.nearMisses.filter(({ rid }) => concerns(rid) && (erred.has(rid) || isOpen(rid)));
  if (misses.length > 0) {
    return {
      ...common,
      verdict: 'perhaps',
      paths: paths(misses.map(({ rid }) => rid)),
      when: misses.map(({ missing }) => missing).join(', or '),
    };
  }
  const doubtful = (asked?.matches ?? []).filter(({ effect, error }) => effect === 'deny' && error !== undefined);
  const allows = (asked?.matches ?? []).some(({ effect }) => effect === 'allow');
  const certain = (asked?.matches ?? []).some(({ effect, error }) => effect === 'deny' && error === undefined);
  if (doubtful.length === 0 || certain || !allows) return null;
  const when = doubtful.map(({ rid }) => `unless rule ${rid} forbids it`).join(', ');
  return { ...common, verdict: 'perhaps', paths: paths(doubtful.map(({ rid }) => rid)), when };
}

/** One rule that speaks of somebody, as it concerns them. */
export interface Permission {
  readonly rid: string;
  readonly effect: 'allow' | 'deny';
  readonly action: string;
  /** What it is about, as the rule writes it: a name, a prefix, a class. */
  readonly object: string;
  readonly condition: string | null;
  readonly obligations: readonly string[];
  readonly path: readonly string[];
  readonly line: string;
}

/** Every rule that speaks of somebody, by their name or a role of theirs: all they may do, and must not. */
export function permissionsOf(authority: TenantAuthority, who: Pick<Known, 'id' | 'roles'>): readonly Permission[] {
  const { snapshot } = authority;
  if (snapshot === null) return [];
  const policy = written(snapshot);
  const names = [who.id, ...who.roles.map(roleName)];
  return policy.rules.flatMap((rule) => {
    if (!names.some((name) => policy.path(name, rule.subject) !== null)) return [];
    const { rid, object, condition, obligations, line } = rule;
    const effect = rule.effect === 'deny' ? 'deny' : 'allow';
    const action = rule.section === 'p2' ? 'handoff' : rule.action;
    return [{ rid, effect, action, object, condition, obligations, path: pathTo(snapshot, names, rid), line }];
  });
}
