import type { Hop, Json, JsonObject } from '@writ/kernel';
import { type BillOfMaterials, checkInput, type RouterNode } from '@writ/registry';
import { type Classifier, chooseRoute, trainLexical } from '@writ/routing';
import { childOf } from '../path';
import type { RouteChoice } from '../events';
import { planAgent } from './agent';
import { inputOf } from './leaves';
import { failedAs, type PlanAt, type Planned } from './plan-at';
import { withOpenStep } from './recover';
import { agentOf, openingText } from './speaking';

type Fallback = RouterNode['fallback'];

/** Classifiers are trained once per definition: a router's version is its digest, and its definition never changes. */
const trained = new WeakMap<object, Classifier>();

/** Scores that are kept of a choice: enough to see what was close. */
const SCORES_KEPT = 5;

/**
 * One of several ways, by what the input says. Each classifier's choice is a fact of the run, with scores and versions;
 * where it abstains, or the one it leads to is not allowed, the declared fallback follows.
 *
 * INVARIANT: a choice grants nothing. Whom it leads to is decided by the policy before it hears a word, however good the
 * score.
 */
export function planRouter(node: RouterNode, at: PlanAt): Planned {
  const input = inputOf(node.input, at);
  if ('ended' in input) return input;
  return tier(
    { node, input: input.value, fallback: { type: 'router', router: node.router, fallback: node.fallback } },
    0,
    at,
  );
}

interface Routing {
  readonly node: RouterNode;
  readonly input: JsonObject;
  readonly fallback: Fallback;
}

function tier(routing: Routing, index: number, at: PlanAt): Planned {
  const { node, input, fallback } = routing;
  switch (fallback.type) {
    case 'router': {
      const choice = at.state.routes.get(at.path)?.[index];
      if (!choice) return classify(routing, index, at);
      const next = (): Planned => tier({ ...routing, fallback: fallback.fallback }, index + 1, at);
      const chosen = node.routes.findIndex((route) => route.name === choice.route);
      const route = node.routes[chosen];
      if (!route) return next();
      const path = childOf(at.path, `?${chosen}`);
      if ('node' in route) return at.plan(route.node, { ...at, path });
      return entered({ agent: route.agent, purpose: `route ${route.name}`, input }, { ...at, path }) ?? next();
    }
    case 'agent': {
      const path = childOf(at.path, '!');
      const planned = entered({ agent: fallback.agent, purpose: 'fallback', input }, { ...at, path });
      return planned ?? failedAs('route_denied', `${fallback.agent}, the fallback, is not allowed either`);
    }
    case 'node':
      return at.plan(fallback.node, { ...at, path: childOf(at.path, '!') });
    case 'person':
      return person(routing, at);
    case 'fail':
      return failedAs('route_abstained', 'no route was certain enough, or the one that was is not allowed');
  }
}

/** A person says which way, as they would answer any question; their choice is authorized like a classifier's. */
function person({ node, input }: Routing, at: PlanAt): Planned {
  const names = node.routes.map((route) => route.name);
  const path = childOf(at.path, '!');
  const question = `Which way should this go? ${openingText(input)}`.slice(0, 4000);
  const asked = at.plan({ type: 'input', question, schema: { enum: names } }, { ...at, path: childOf(path, '+') });
  if ('next' in asked || !asked.ended.done) return asked;
  const chosen = names.indexOf(String(asked.ended.output));
  const route = node.routes[chosen];
  if (!route) return failedAs('route_unknown', `${JSON.stringify(asked.ended.output)} is none of the routes`);
  const there = { ...at, path: childOf(path, `?${chosen}`) };
  if ('node' in route) return at.plan(route.node, there);
  const planned = entered({ agent: route.agent, purpose: `route ${route.name}`, input }, there);
  return planned ?? failedAs('route_denied', `${route.agent} is not allowed to answer here`);
}

function classify(routing: Routing, index: number, at: PlanAt): Planned {
  const { node, input, fallback } = routing;
  if (fallback.type !== 'router') throw new Error('only a router classifies');
  const text = openingText(input);
  const router = at.bill.routers.get(fallback.router);
  if (!router) return byAgent(node, { agent: fallback.router, index, text }, at);
  const { threshold, margin } = router.definition;
  const { scores, version } = classifierOf(at.bill, fallback.router).classify(text);
  const choice = chooseRoute(scores, { threshold, margin });
  const kept: RouteChoice = {
    router: fallback.router,
    version,
    scores: scores.slice(0, SCORES_KEPT),
    threshold,
    margin,
    route: choice.route,
    ...(choice.route === null && { because: choice.because }),
  };
  return { next: [{ type: 'choose_route', path: at.path, tier: index, choice: kept }] };
}

function classifierOf(bill: BillOfMaterials, name: string): Classifier {
  const { definition } = bill.routers.get(name)!;
  let classifier = trained.get(definition);
  if (!classifier) trained.set(definition, (classifier = trainLexical(definition.routes)));
  return classifier;
}

/** A model names the route, from a closed list; anything else counts as abstaining. */
function byAgent(
  node: RouterNode,
  { agent, index, text }: { readonly agent: string; readonly index: number; readonly text: string },
  at: PlanAt,
): Planned {
  const names = node.routes.map((route) => route.name);
  const output: JsonObject = {
    type: 'object',
    properties: { route: { enum: [...names, null] }, reason: { type: 'string', maxLength: 1000 } },
    required: ['route'],
  };
  const input = { task: 'Name the route this belongs to, or null if none fits.', routes: names, text };
  const planned = planAgent({ entry: agent, input, output }, { ...at, path: childOf(at.path, `+${index}`) });
  if ('next' in planned) return planned;
  const said = planned.ended.done ? (planned.ended.output as { readonly route?: Json }).route : null;
  const route = typeof said === 'string' && names.includes(said) ? said : null;
  const { digest } = agentOf(at.bill, agent);
  const because = planned.ended.done ? 'named_none' : 'failed';
  const choice: RouteChoice = {
    router: agent,
    version: digest,
    scores: [],
    threshold: 0,
    margin: 0,
    route,
    ...(route === null && { because }),
  };
  return { next: [{ type: 'choose_route', path: at.path, tier: index, choice }] };
}

/** An agent that something decided should go on: authorized first. Null when the policy refuses it. */
export function entered(
  wanted: {
    readonly agent: string;
    readonly purpose: string;
    readonly input: JsonObject;
    /** Those whose choice this is, when it is an agent's. */
    readonly by?: readonly Hop[];
  },
  at: PlanAt,
): Planned | null {
  const { path, state, bill } = at;
  const chain = [...at.chain, ...(wanted.by ?? [])];
  const entry = state.entered.get(path);
  if (!entry) {
    const to = agentOf(bill, wanted.agent);
    const { takes } = to.definition;
    const misfit = takes ? checkInput(takes as JsonObject, wanted.input) : null;
    if (misfit)
      return failedAs('payload_invalid', `what ${wanted.agent} is given is not what it takes: ${misfit.message}`);
    const step = {
      type: 'delegate',
      path,
      chain,
      to,
      purpose: wanted.purpose,
      brief: openingText(wanted.input),
      payload: wanted.input,
      call: null,
      asks: false,
    } as const;
    return withOpenStep({ next: [step] }, at);
  }
  if ('denied' in entry) return null;
  return planAgent({ entry: wanted.agent, hop: entry.hop, input: wanted.input }, { ...at, chain });
}
