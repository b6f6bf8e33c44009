import type { Hop, HopBounds } from '@writ/kernel';
import { TENANT_COLUMN } from '@writ/rules';
import type { TenantAuthority } from '../authority';
import { type PolicyBundle, validateStored } from '../bundle';
import { FLOW_RULE, TAINTED_SERVICE, TRIFECTA } from '../flow/rule-ids';
import { ABSOLUTE, GUARD } from '../guard/rule-ids';
import { buildSnapshot, type Snapshot } from '../snapshot';
import type { DecisionRequest, Heard } from '../types';
import { written } from './written';

/**
 * One thing that could be otherwise, so that an act that was refused is not. Nothing here is ever put in force: it is
 * tried on copies, so that what is said to help does help.
 * - value: what a rule's condition reads is such that it allows (or, of a rule that forbids, no longer matches)
 * - role: somebody holds a role     - rule: a line is added     - mandate: the run is given a mandate that covers it
 * - release: a stop is released     - remove: a rule that forbids is taken away
 * - said: whoever started the run said in its input what is passed
 * - again: what was given and ended, or was taken back, is given anew
 * - give: whoever passed on gives more along with it
 * - asking: a rule on labels lets people decide, where it forbids
 * - answered: somebody answers again for what has a part in it: it has an owner, and a review that is not over
 */
export type Change =
  | { readonly kind: 'value'; readonly rid: string; readonly effect: 'allow' | 'deny'; readonly what: string }
  | { readonly kind: 'role'; readonly subject: string; readonly role: string; readonly rid: string }
  | { readonly kind: 'rule'; readonly line: string }
  | { readonly kind: 'mandate'; readonly what: string }
  | { readonly kind: 'release'; readonly stop: string }
  | { readonly kind: 'remove'; readonly rid: string }
  | { readonly kind: 'said'; readonly what: string }
  | { readonly kind: 'again'; readonly delegation: string; readonly to: string; readonly what: string }
  | { readonly kind: 'give'; readonly to: string; readonly bound: keyof HopBounds; readonly what: string }
  | { readonly kind: 'asking'; readonly rid: string; readonly obligation: string }
  | { readonly kind: 'answered'; readonly what: string };

/** A request and what it is decided under. */
export interface World {
  readonly authority: TenantAuthority;
  readonly request: DecisionRequest;
}

/** The same with the change made; null where it cannot be made. */
export async function changed(world: World, change: Change): Promise<World | null> {
  const { authority, request } = world;
  switch (change.kind) {
    case 'mandate':
      return { ...world, request: { ...request, mandate: null } };
    case 'release': {
      const stops = authority.stops.filter(({ id }) => id !== change.stop);
      return { ...world, authority: { ...authority, stops } };
    }
    case 'role': {
      const { initiator } = request;
      if (change.subject === initiator.id) {
        const roles = [...initiator.roles, change.role.replace(/^role:/, '')];
        return { ...world, request: { ...request, initiator: { ...initiator, roles } } };
      }
      return rewritten(world, (lines) => [...lines, `g, ${change.subject}, ${change.role}, ${TENANT_COLUMN}`]);
    }
    case 'rule':
      return rewritten(world, (lines) => [...lines, change.line]);
    case 'value': {
      const rule = authority.snapshot && written(authority.snapshot).rule(change.rid);
      if (!rule) return null;
      // A rule that forbids and no longer matches might as well not be there; one that allows needs no condition.
      const settled = rule.effect === 'deny' ? [] : [unconditional(rule.line)];
      return rewritten(world, (lines) => lines.flatMap((line) => (line === rule.line ? settled : [line])));
    }
    case 'said': {
      const { flow, args = null, heard } = request;
      // What is heard of a whole conversation nobody can have said.
      if (flow === undefined || heard?.all) return null;
      const input = { from: 'input', name: '', step: null, labels: [], value: heard?.parts ?? args } as const;
      return { ...world, request: { ...request, flow: { ...flow, sources: [...flow.sources, input] } } };
    }
    case 'again': {
      const revoked = new Set(authority.revoked);
      revoked.delete(change.delegation as never);
      const chain = request.chain.map((hop) =>
        hop.delegation === change.delegation ? without(hop, 'expires_at') : hop,
      );
      return { authority: { ...authority, revoked }, request: { ...request, chain } };
    }
    case 'give': {
      const chain = request.chain.map((hop) => (hop.agent === change.to ? without(hop, change.bound) : hop));
      const { heard, handoff } = request;
      const given = heard && handoff?.to === change.to && change.bound === 'labels' ? { heard: unbounded(heard) } : {};
      return { ...world, request: { ...request, chain, ...given } };
    }
    case 'asking':
      return editedFlow(world, (flow) => ({
        ...flow,
        ...(change.rid === TRIFECTA && { trifecta: { ...flow.trifecta!, ask: change.obligation } }),
        ...(change.rid === TAINTED_SERVICE && { service: { ...flow.service!, ask: change.obligation } }),
        rules: mapped(flow.rules, (id, rule) =>
          change.rid === `${FLOW_RULE}${id}` ? { ...rule, ask: change.obligation } : rule,
        ),
      }));
    case 'answered': {
      const { risk, now } = request;
      if (risk === undefined) return null;
      const parts = risk.parts.map((part) => ({ ...part, owned: true, reviewBy: now + 1 }));
      return { ...world, request: { ...request, risk: { ...risk, parts } } };
    }
    case 'remove': {
      if (isGuarding(change.rid)) return withoutGuardrail(world, change.rid);
      if (change.rid.startsWith(FLOW_RULE)) return withoutFlowRule(world, change.rid.slice(FLOW_RULE.length));
      const line = authority.snapshot && written(authority.snapshot).rule(change.rid)?.line;
      return rewritten(world, (lines) => lines.filter((one) => one !== line));
    }
  }
}

function unconditional(line: string): string {
  const columns = line.split(', ');
  return columns.with(columns.length - 4, '').join(', ');
}

async function rewritten(world: World, edit: (lines: readonly string[]) => readonly string[]): Promise<World | null> {
  const { snapshot } = world.authority;
  if (snapshot === null) return null;
  const rebuilt = await rebuild(snapshot, edit);
  return rebuilt && { ...world, authority: { ...world.authority, snapshot: rebuilt } };
}

const without = ({ bounds = {}, ...hop }: Hop, bound: keyof HopBounds): Hop => {
  const { [bound]: _bound, ...rest } = bounds;
  return { ...hop, bounds: rest };
};

const unbounded = ({ labels: _labels, ...heard }: Heard): Heard => heard;

type Flow = NonNullable<PolicyBundle['flow']>;

const mapped = (rules: Flow['rules'], edit: (id: string, rule: Flow['rules'][string]) => Flow['rules'][string]) =>
  Object.fromEntries(Object.entries(rules).map(([id, rule]) => [id, edit(id, rule)]));

/** One of the rules on labels taken away, or the one on private data, untrusted content and a way out. */
const withoutFlowRule = (world: World, id: string): Promise<World | null> =>
  editedFlow(world, ({ trifecta, rules, ...rest }) => {
    const kept = Object.fromEntries(Object.entries(rules).filter(([one]) => one !== id));
    return { ...rest, rules: kept, ...(trifecta && TRIFECTA !== `${FLOW_RULE}${id}` && { trifecta }) };
  });

async function editedFlow(world: World, edit: (flow: Flow) => object): Promise<World | null> {
  const { snapshot } = world.authority;
  if (snapshot === null) return null;
  const bundle = JSON.parse(snapshot.body) as PolicyBundle;
  if (!bundle.flow) return null;
  const rebuilt = await rebuilding({ ...bundle, flow: edit(bundle.flow) });
  return rebuilt && { ...world, authority: { ...world.authority, snapshot: rebuilt } };
}

const isGuarding = (rid: string): boolean => rid.startsWith(GUARD) || rid.startsWith(ABSOLUTE);

/** One of the guardrails taken away, or one of the absolute rules. */
async function withoutGuardrail(world: World, rid: string): Promise<World | null> {
  const { snapshot } = world.authority;
  if (snapshot === null) return null;
  const bundle = JSON.parse(snapshot.body) as PolicyBundle;
  if (!bundle.guardrails) return null;
  const without = <T>(all: { readonly [id: string]: T }, prefix: string): { [id: string]: T } =>
    Object.fromEntries(Object.entries(all).filter(([id]) => `${prefix}${id}` !== rid));
  const { checks, absolute } = bundle.guardrails;
  const guardrails = { checks: without(checks, GUARD), absolute: without(absolute, ABSOLUTE) };
  const rebuilt = await rebuilding({ ...bundle, guardrails });
  return rebuilt && { ...world, authority: { ...world.authority, snapshot: rebuilt } };
}

async function rebuild(snapshot: Snapshot, edit: (lines: readonly string[]) => readonly string[]) {
  const bundle = JSON.parse(snapshot.body) as PolicyBundle;
  return rebuilding({ ...bundle, rules: edit(bundle.rules.split('\n')).join('\n') });
}

async function rebuilding(bundle: object) {
  const made = validateStored(bundle);
  if (!made.ok) return null;
  const built = await buildSnapshot(made.value);
  return built.ok ? built.value : null;
}

/** The change in words, as something to do or to have otherwise. */
export function changeWords(change: Change): string {
  switch (change.kind) {
    case 'value':
      return `${change.effect === 'allow' ? 'meet' : 'stay clear of'} rule ${change.rid} (${change.what})`;
    case 'role':
      return `give ${change.subject} the role ${change.role.replace(/^role:/, '')} (rule ${change.rid})`;
    case 'rule':
      return `add the rule "${change.line}"`;
    case 'mandate':
      return `give the run a mandate that covers it (${change.what})`;
    case 'release':
      return `release stop ${change.stop}`;
    case 'remove':
      return `change rule ${change.rid}, which forbids it`;
    case 'answered':
      return `publish it anew with an owner and a later review date (${change.what})`;
    case 'said':
      return `say in the input of the run what is passed (${change.what})`;
    case 'again':
      return `hand over to ${change.to} again (${change.what})`;
    case 'give':
      return `give ${change.to} ${GIVEN[change.bound]} along (${change.what})`;
    case 'asking':
      return `let people decide where ${ruleOf(change.rid)} forbids (ask: ${change.obligation})`;
  }
}

const GIVEN: { readonly [B in keyof HopBounds]-?: string } = {
  tools: 'more tools, or wider limits on their arguments,',
  depth: 'the right to pass it on further',
  expires_at: 'more time',
  labels: 'more labels',
};

const ruleOf = (rid: string): string =>
  rid === TAINTED_SERVICE ? 'the policy on services' : `flow rule ${rid.slice(FLOW_RULE.length)}`;
