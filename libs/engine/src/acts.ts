import { canonicalJson, digestOf, type Hop, type HopBounds, type JsonObject, type RunId } from '@writ/kernel';
import {
  attributeNeeds,
  type AttributeNeed,
  type DecisionRequest,
  type Door,
  type Heard,
  type ResolvedAttribute,
  type Resource,
  type TenantAuthority,
} from '@writ/policy';
import { type BillOfMaterials, valueAt } from '@writ/registry';
import type { EffectClass } from '@writ/words';
import type { RecordedDecision, StepIntended, StepKind } from './events';
import type { HeldRun } from './held-run';
import { proposeBoard, proposeMessage } from './board/propose';
import { childBudget, smaller } from './budget';
import { childRunId } from './children/child-id';
import { givenAlong, parentOf } from './given';
import { inputScope, outputScope } from './guard/account';
import { requestHeard, valueLeft } from './guard/crossing';
import type { Proposal } from './proposal';
import { modelRequest, reservation } from './model-request';
import type { Act, Delegate, HandOff, InvokeAgent, RelayModel, StartChild, UseBoard, UseMailbox } from './next-step';
import { branchOf } from './path';
import { attributeKey } from './state';

const MAX_INTERNAL_ATTEMPTS = 50;

/** What every decision of a run shares. */
export function baseRequest(
  held: HeldRun,
  chain: readonly Hop[],
  now: number,
): Omit<DecisionRequest, 'action' | 'object'> {
  const { started } = held.state;
  return {
    tenant: held.tenant,
    initiator: { tenant: held.tenant, ...started.initiator },
    // INVARIANT (I6): a child run is bound by every agent between its initiator and itself.
    chain: [...((started.parent ?? started.fork)?.chain ?? []), ...chain],
    mandate: started.mandate,
    // A stop on the run or on its workflow covers every act of it.
    run: held.run,
    workflow: started.workflow,
    now,
  };
}

interface Parts {
  readonly kind: StepKind;
  readonly door: Door;
  readonly act: { readonly path: string; readonly chain: readonly Hop[]; readonly call?: string | null };
  readonly target: { readonly name: string; readonly digest: string };
  readonly args: JsonObject;
  readonly effect: EffectClass;
  readonly maxAttempts: number;
  readonly request: DecisionRequest;
  readonly details?: Proposal['details'];
  readonly written?: true | undefined;
}

function proposal(parts: Parts): Proposal {
  const argsText = canonicalJson(parts.args);
  const details = parts.details ?? {};
  return {
    kind: parts.kind,
    door: parts.door,
    path: parts.act.path,
    agent: parts.act.chain.at(-1)?.agent ?? null,
    chain: parts.act.chain,
    target: parts.target.name,
    targetDigest: parts.target.digest,
    args: parts.args,
    argsText,
    argsDigest: digestOf(argsText),
    effect: parts.effect,
    call: parts.act.call ?? null,
    maxAttempts: parts.maxAttempts,
    request: parts.request,
    details: parts.kind === 'model' ? { ...details, reserve: reservation(argsText, parts.args) } : details,
    keepArgs: parts.kind !== 'model',
    written: parts.written,
  };
}

/** The proposal of an act the planner chose. */
export function propose(held: HeldRun, act: Act, now: number): Proposal {
  const base = baseRequest(held, act.chain, now);
  const { bill } = held.planner;
  switch (act.type) {
    case 'call_model': {
      const { model, request } = modelRequest(bill, held.state, { act, user: held.run });
      const object = {
        type: 'model',
        id: model.definition.name,
        version: model.version,
        digest: model.digest,
      } as const;
      return proposal({
        kind: 'model',
        door: 'model',
        act,
        target: { name: model.definition.name, digest: model.digest },
        args: request,
        effect: 'idempotent',
        maxAttempts: model.definition.max_attempts,
        request: { ...base, action: 'model.invoke', object },
        ...(act.schema && { details: { structured: true } }),
      });
    }
    case 'invoke_tool': {
      const tool = act.tool.definition;
      const args = valueLeft(held.state, outputScope(act.path), act.args);
      const resource = resourceOf(tool.resource, args);
      const object = { type: 'tool', id: tool.name, version: act.tool.version, digest: act.tool.digest } as const;
      return proposal({
        kind: 'tool',
        door: 'tool',
        act,
        target: { name: tool.name, digest: act.tool.digest },
        args,
        // Nobody said what a lost outcome means: treat it as the worst (I5).
        effect: tool.effect ?? 'irreversible',
        maxAttempts: tool.max_attempts,
        request: { ...base, action: 'tool.invoke', object, args, ...(resource && { resource }) },
        written: act.written,
      });
    }
    case 'start_child': {
      const { workflow, input } = act;
      const { definition, version, digest } = workflow;
      const object = { type: 'workflow', id: definition.name, version, digest } as const;
      const run = childRunId(held.run, act.path);
      return proposal({
        kind: 'run',
        door: 'run',
        act,
        target: { name: definition.name, digest },
        args: input,
        effect: 'idempotent',
        maxAttempts: MAX_INTERNAL_ATTEMPTS,
        request: { ...base, action: 'run.start', object, args: input },
        details: { child: childOf(held, { act, run, now }) },
        written: true,
      });
    }
    case 'hand_off': {
      const to = act.to.definition;
      const object = { type: 'agent', id: to.name, version: act.to.version, digest: act.to.digest } as const;
      const handoff = { to: to.name, purpose: act.purpose, depth: act.chain.length };
      const passing = passedOn(held, { act, base });
      return proposal({
        kind: 'handoff',
        door: 'handoff',
        act,
        target: { name: to.name, digest: act.to.digest },
        args: { to: to.name, reason: act.purpose, message: act.message },
        effect: 'idempotent',
        maxAttempts: MAX_INTERNAL_ATTEMPTS,
        request: { ...base, action: 'handoff', object, handoff, heard: heardBy(act, passing.to.bounds) },
        details: {
          handoff: {
            ...passing,
            purpose: act.purpose,
            message: act.message,
            ...(act.returns && { returns: true }),
          },
        },
      });
    }
    case 'delegate':
      return proposeWork(held, base, act);
    case 'invoke_agent':
      return proposeFramework(held, base, act);
    case 'relay_model':
      return proposeRelay(held, base, act);
    case 'use_board':
      return proposeShared(held, { kind: 'board', act }, proposeBoard(held, act, base));
    case 'use_mailbox':
      return proposeShared(held, { kind: 'message', act }, proposeMessage(held, act, base));
    case 'give_answer': {
      const { definition, version, digest } = bill.workflow;
      return proposal({
        kind: 'finish',
        door: 'run',
        act,
        target: { name: definition.name, digest },
        args: { output: valueLeft(held.state, outputScope(act.path), act.output) },
        effect: 'idempotent',
        maxAttempts: MAX_INTERNAL_ATTEMPTS,
        request: { ...base, action: 'run.finish', object: { type: 'workflow', id: definition.name, version, digest } },
      });
    }
    case 'begin_run': {
      const { definition, version, digest } = bill.workflow;
      const object = { type: 'workflow', id: definition.name, version, digest } as const;
      const { input } = held.state.started;
      const initiator = { tenant: held.tenant, ...act.who };
      return proposal({
        kind: 'start',
        door: 'run',
        act,
        target: { name: definition.name, digest },
        args: input,
        effect: 'idempotent',
        maxAttempts: MAX_INTERNAL_ATTEMPTS,
        request: { ...base, initiator, action: 'run.start', object, args: input },
      });
    }
  }
}

/** The framework hears what its agent is for, what it is given, and which tools it may ask for. */
function proposeFramework(held: HeldRun, base: ReturnType<typeof baseRequest>, act: InvokeAgent): Proposal {
  const { name, instructions, tools, framework } = act.agent.definition;
  const { version, digest } = act.agent;
  const input = valueLeft(held.state, inputScope(act.path, name), act.input);
  const args = { agent: name, instructions, input, tools };
  return proposal({
    kind: 'agent',
    door: 'agent',
    act,
    target: { name, digest },
    args,
    effect: 'idempotent',
    maxAttempts: framework?.max_attempts ?? 1,
    request: { ...base, action: 'agent.invoke', object: { type: 'agent', id: name, version, digest }, args },
  });
}

/** What a framework asks of a model is the framework's to say; which model, and its parameters, are the definition's. */
function proposeRelay(held: HeldRun, base: ReturnType<typeof baseRequest>, act: RelayModel): Proposal {
  const model = held.planner.bill.models.get(act.agent.definition.model)!;
  const { name, parameters, model: vendor, max_attempts: maxAttempts } = model.definition;
  const { version, digest } = model;
  return proposal({
    kind: 'model',
    door: 'model',
    act,
    target: { name, digest },
    args: { ...requestHeard(held.state, act), ...(parameters as JsonObject), model: vendor, user: held.run },
    effect: 'idempotent',
    maxAttempts,
    request: { ...base, action: 'model.invoke', object: { type: 'model', id: name, version, digest } },
    details: { relay: true },
  });
}

/** What agents of the run share stays inside it: nothing is sent, and a lost outcome is no outcome. */
function proposeShared(
  held: HeldRun,
  { kind, act }: { readonly kind: 'board' | 'message'; readonly act: UseBoard | UseMailbox },
  { target, args, request }: ReturnType<typeof proposeBoard>,
): Proposal {
  const { digest } = held.planner.bill.workflow;
  const parts = { kind, door: kind, act, target: { name: target, digest }, args, request } as const;
  return proposal({ ...parts, effect: 'idempotent', maxAttempts: MAX_INTERNAL_ATTEMPTS });
}

/** Work for another agent: decided like a handoff, since what it may then do is bounded by the same chain. */
function proposeWork(held: HeldRun, base: ReturnType<typeof baseRequest>, act: Delegate): Proposal {
  const to = act.to.definition;
  const object = { type: 'agent', id: to.name, version: act.to.version, digest: act.to.digest } as const;
  const { purpose, brief } = act;
  const passing = passedOn(held, { act, base });
  return proposal({
    kind: 'delegate',
    door: 'delegate',
    act,
    target: { name: to.name, digest: act.to.digest },
    args: { to: to.name, task: purpose, brief },
    effect: 'idempotent',
    maxAttempts: MAX_INTERNAL_ATTEMPTS,
    request: {
      ...base,
      action: 'delegate',
      object,
      handoff: { to: to.name, purpose, depth: act.chain.length },
      heard: heardBy(act, passing.to.bounds),
    },
    details: {
      handoff: {
        ...passing,
        purpose,
        message: brief,
        ...(act.asks && { asks: true }),
      },
    },
  });
}

/** What the receiver comes to hear: what is handed over, and where control moves to it, mostly the conversation so far. */
function heardBy(act: HandOff | Delegate, bounds: HopBounds | undefined): Heard {
  const { definition } = act.to;
  const parts = act.payload ?? (act.type === 'hand_off' ? { message: act.message } : { brief: act.brief });
  return {
    parts,
    ...(act.type === 'hand_off' && definition.context !== 'message' && { all: true }),
    ...(act.payload && definition.takes && { shaped: true }),
    ...(bounds?.labels && { labels: bounds.labels }),
  };
}

/** Who receives, under what, and what the delegation hangs from. */
function passedOn(
  held: HeldRun,
  { act, base }: { readonly act: HandOff | Delegate; readonly base: ReturnType<typeof baseRequest> },
) {
  const { name } = act.to.definition;
  const { chain } = act;
  const limited = 'budget' in act ? act.budget : undefined;
  const { bounds, budget } = givenAlong(held.planner.bill, { chain, to: name, budget: limited, now: base.now });
  const parent = parentOf(base.chain);
  const to: Hop = { agent: name, digest: act.to.digest, ...(bounds && { bounds }) };
  return {
    to,
    ...(parent !== undefined && { parent }),
    ...(budget && { budget }),
  };
}

/** What a child may use is set aside from what its parent may, and it ends no later. */
function childOf(
  held: HeldRun,
  { act, run, now }: { readonly act: StartChild; readonly run: RunId; readonly now: number },
): NonNullable<StepIntended['child']> {
  const { started } = held.state;
  const { definition } = act.workflow;
  const limits = [act.deadlineMs, definition.deadline_ms].filter((ms) => ms !== null).map((ms) => now + ms);
  const deadlines = started.deadline_at === null ? limits : [...limits, started.deadline_at];
  return {
    run,
    root: started.parent?.root ?? held.run,
    depth: (started.parent?.depth ?? 0) + 1,
    budget: childBudget(held.state, {
      path: act.path,
      asked: smaller({ ...definition.budget }, { ...act.budget }),
      now,
    }),
    deadline_at: deadlines.length === 0 ? null : Math.min(...deadlines),
    ...(started.batch && { batch: started.batch }),
    leave: act.leave,
  };
}

function resourceOf(mapping: { type: string; id: string } | undefined, args: JsonObject): Resource | undefined {
  if (!mapping) return undefined;
  const id = valueAt(args, mapping.id);
  return typeof id === 'string' || typeof id === 'number' ? { type: mapping.type, id: String(id) } : undefined;
}

/** The read that brings one attribute, as a step of its own: decided, permitted and recorded like any other. */
export function proposeRead(held: HeldRun, parent: Proposal, need: AttributeNeed): Proposal | null {
  const { bill } = held.planner;
  const found = resolverFor(bill, need);
  if (!found) return null;
  const { resolver, tool } = found;
  const attribute = { name: need.name, resource: need.resource, pointer: resolver.result };
  return proposal({
    kind: 'data',
    door: 'data',
    act: { path: parent.path, chain: parent.chain },
    target: { name: tool.definition.name, digest: tool.digest },
    args: { [resolver.argument]: need.resource.id },
    effect: 'read',
    maxAttempts: tool.definition.max_attempts,
    request: {
      ...baseRequest(held, parent.chain, parent.request.now),
      action: 'data.read',
      object: { type: 'data', id: need.name, digest: tool.digest },
      resource: need.resource,
    },
    details: { attribute },
  });
}

function resolverFor(bill: BillOfMaterials, need: AttributeNeed) {
  for (const { definition } of bill.resolvers.values()) {
    if (`${definition.resource}.${definition.attribute}` !== need.name) continue;
    const tool = bill.tools.get(definition.tool);
    if (tool) return { resolver: definition, tool };
  }
  return null;
}

/** What resolvers brought that is young enough for this decision, and the first thing still to be read. */
export function gatherAttributes(
  held: HeldRun,
  authority: TenantAuthority,
  { request, path }: Pick<Proposal, 'request' | 'path'>,
): { readonly request: DecisionRequest; readonly missing: AttributeNeed | null } {
  const needs = attributeNeeds(authority, request);
  if (needs.length === 0) return { request, missing: null };
  const attributes: Record<string, ResolvedAttribute> = {};
  const readHere = held.state.branches.get(branchOf(path))?.fresh;
  for (const need of needs) {
    const key = attributeKey(need.name, need.resource.id);
    const known = held.state.attributes.get(key);
    const fresh = readHere?.has(key) === true;
    const young = known !== undefined && need.maxAgeMs > 0 && request.now - known.at <= need.maxAgeMs;
    if (!fresh && !young && resolvable(held, need)) return { request, missing: need };
    if (known !== undefined && (fresh || young)) attributes[need.name] = known;
  }
  return { request: { ...request, attributes }, missing: null };
}

const resolvable = (held: HeldRun, need: AttributeNeed): boolean => resolverFor(held.planner.bill, need) !== null;

/** The intent of an allowed proposal. */
export function intentOf(
  proposed: Proposal,
  place: {
    readonly step: number;
    readonly attempt: number;
    readonly at: number;
    readonly decision: RecordedDecision;
    readonly salt: string;
    readonly ref: string | null;
    readonly holds: NonNullable<StepIntended['holds']>;
    /** The most it may cost, where a limit reads that. */
    readonly cost: unknown;
  },
): StepIntended {
  // In the order of canonical JSON, which then need not sort it: details are mostly none, or what a model call reserves.
  return {
    agent: proposed.agent,
    ...(proposed.keepArgs && { args: proposed.args }),
    args_digest: proposed.argsDigest,
    ...(place.ref !== null && { args_ref: place.ref }),
    at: place.at,
    attempt: place.attempt,
    ...(proposed.call !== null && { call: proposed.call }),
    ...(typeof place.cost === 'number' && { cost_bound: place.cost }),
    decision: place.decision,
    effect: proposed.effect,
    ...(place.holds.length > 0 && { holds: place.holds }),
    kind: proposed.kind,
    path: proposed.path,
    ...proposed.details,
    salt: place.salt,
    step: place.step,
    target: proposed.target,
    target_digest: proposed.targetDigest,
    type: 'step_intended',
  };
}

/** Stable over the attempts of a step: what the other side may use to recognise a repetition. */
export const effectKey = (run: string, step: number): string => `${run}.${step}`;
