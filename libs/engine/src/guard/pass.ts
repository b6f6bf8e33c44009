import { canonicalJson, digestOf } from '@writ/kernel';
import { type DecisionRequest, guarding, type TenantAuthority } from '@writ/policy';
import { riskOf } from '@writ/registry';
import { propose } from '../acts';
import type { EngineContext } from '../context';
import type { ContentCut, GuardCheck } from '../events/guard';
import { evidence } from '../evidence';
import { carried } from '../fold/flow';
import { stubbedIn } from '../fork/stubbed';
import type { HeldRun } from '../held-run';
import type { Act } from '../next-step';
import { record } from '../outcomes';
import { branchOf } from '../path';
import type { Proposal } from '../proposal';
import { answerKey, isKnown } from './account';
import type { CallAnswer } from './types';
import { proposeCheck } from './call-out';
import { type Content, type Crossing, crossingOf } from './crossing';

type Snapshot = NonNullable<TenantAuthority['snapshot']>;
export type Guardrail = NonNullable<Snapshot['guardrails']>['checks'][number];

/** An act with what guardrails said of its content; or the question that one of them has to ask somebody first. */
export interface Passed {
  readonly planned: Proposal;
  readonly check: Proposal | null;
}

interface Passing {
  readonly act: Act;
  readonly planned: Proposal;
  readonly authority: TenantAuthority;
  readonly now: number;
}

/**
 * Brings an act before the guardrails of the boundary that its content is about to pass. What of the content is new there
 * is looked at, once, and what was said of it is recorded; the decision of the act then goes by that.
 *
 * INVARIANT: everything that an agent hears and everything that leaves comes through here, before it is decided. An act that
 * does not is denied by `decide`, since it cannot say what the guardrails said.
 */
export async function passGuardrails(ctx: EngineContext, held: HeldRun, passing: Passing): Promise<Passed> {
  const { act, planned, authority, now } = passing;
  const { snapshot } = authority;
  const guardrails = snapshot?.guardrails ?? null;
  if (snapshot === null || guardrails === null || guardrails.checks.length === 0) return { planned, check: null };
  const crossing = crossingOf(held, authority, act);
  if (crossing === null) return { planned, check: null };
  const { boundary, agents } = crossing;
  const tier = riskOf(held.planner.bill);
  if (boundary === null) return { planned: withGuards(planned, { boundary, agents, heard: [], tier }), check: null };
  const required = snapshot.tiers?.of(tier).guardrails;
  const applying = guardrails.applying({ boundary, agents, tool: crossing.tool }, required);
  const todo = applying.flatMap((guardrail) => toLookAt(held, { act, crossing, guardrail }));
  const answers = new Map<string, CallAnswer>();
  for (const one of todo) {
    if (one.guardrail.says.call === undefined) continue;
    const asked = await askedOf(ctx, held, { ...passing, crossing, todo: one });
    if ('kind' in asked) return { planned, check: asked };
    answers.set(one.guardrail.id, asked);
  }
  lookAt(held, { act, now, snapshot, crossing, todo, answers });
  const cut = todo.some(({ guardrail }) => guardrail.says.then === 'redact');
  const again = cut ? stubbedIn(held, propose(held, act, now)) : planned;
  const quiet = guardsAnswers(snapshot, held);
  return {
    planned: withGuards(quiet ? { ...again, quiet: true } : again, {
      boundary,
      agents,
      heard: applying.map((guardrail) => heardOf(held, { act, crossing }, guardrail)),
      tier,
    }),
    check: null,
  };
}

const withGuards = (planned: Proposal, guards: NonNullable<DecisionRequest['guards']>): Proposal => ({
  ...planned,
  request: { ...planned.request, guards },
});

/** Whether the answer of this run has to pass anything. What its agents say is then not shown before it is whole. */
export function guardsAnswers({ guardrails, tiers }: Snapshot, { planner: { bill } }: HeldRun): boolean {
  if (guardrails === null) return false;
  const place = { boundary: 'output', agents: [...bill.agents.keys()], tool: null } as const;
  return guardrails.applying(place, tiers?.of(riskOf(bill)).guardrails).length > 0;
}

interface Todo {
  readonly guardrail: Guardrail;
  readonly content: readonly Content[];
}

/** What of the content a guardrail has not let pass here; none where there is nothing. */
export function toLookAt(
  { state }: HeldRun,
  { act, crossing, guardrail }: { readonly act: Placed; readonly crossing: Crossing; readonly guardrail: Guardrail },
): readonly Todo[] {
  const { version } = guardrail;
  const { path } = act;
  const { scope } = crossing;
  const content = crossing.content.filter(({ key: name }) => !isKnown(state, { path, scope, version, name }));
  return content.length === 0 ? [] : [{ guardrail, content }];
}

/** What a call-out has answered; or the step that asks it. */
async function askedOf(
  ctx: EngineContext,
  held: HeldRun,
  about: Passing & { readonly crossing: Crossing; readonly todo: Todo },
): Promise<CallAnswer | Proposal> {
  const { guardrail, content } = about.todo;
  const names = digestOf(canonicalJson(content.map(({ key }) => key))).slice('sha256:'.length, 'sha256:'.length + 24);
  const key = answerKey(about.act.path, guardrail.version, names);
  const known = held.state.guards?.answers.get(key);
  if (known) return known;
  const callee = await ctx.callees.of(about.authority, guardrail.says.call!);
  if (callee === null) return { failed: 'callee_unknown' };
  const { planned, crossing, now } = about;
  return stubbedIn(held, proposeCheck(held, { parent: planned, crossing, guardrail, content, callee, key, now }));
}

/** Where what is said of content is kept until it is over. */
type Placed = Pick<Act, 'path'>;

interface Looking {
  readonly act: Placed;
  readonly now: number;
  readonly snapshot: Snapshot;
  readonly crossing: Crossing;
  readonly todo: readonly Todo[];
  readonly answers: ReadonlyMap<string, CallAnswer>;
}

/** Asks every guardrail that has something new to look at, and records what each said. */
export function lookAt(held: HeldRun, { act, snapshot, crossing, todo, answers, now }: Looking): void {
  if (todo.length === 0) return;
  const labels = labelsIn(held, snapshot);
  // A guardrail that came later than others has more to look at: what one event says is said of the same content.
  const together = new Map<string, { readonly names: readonly string[]; readonly checks: GuardCheck[] }>();
  const cuts = new Map<string, ContentCut[]>();
  for (const { guardrail, content } of todo) {
    const looked = guarding.inspect(guardrail, content, { labels, answer: answers.get(guardrail.id) ?? null });
    const names = content.map(({ key }) => key);
    const key = names.join(' ');
    const same = together.get(key) ?? { names, checks: [] };
    together.set(key, same);
    same.checks.push(looked.finding);
    for (const [name, made] of looked.cuts) cuts.set(name, [...(cuts.get(name) ?? []), ...made]);
  }
  let left = [...cuts].map(([name, made]) => [name, guarding.joinedCuts(made)] as const);
  for (const { names, checks } of together.values()) {
    const own = left.filter(([name]) => names.includes(name));
    left = left.filter(([name]) => !names.includes(name));
    recordLook(held, { act, crossing, names, checks, cuts: own, snapshot, now });
  }
}

function recordLook(
  held: HeldRun,
  look: Pick<Looking, 'act' | 'crossing' | 'snapshot' | 'now'> & {
    readonly names: readonly string[];
    readonly checks: readonly GuardCheck[];
    readonly cuts: readonly (readonly [name: string, cuts: readonly ContentCut[]])[];
  },
): void {
  const { act, crossing, names, checks, cuts, snapshot, now } = look;
  const { scope, agent } = crossing;
  const { path } = act;
  const boundary = crossing.boundary!;
  const audits = checks.map(({ guardrail: id, version, outcome, what }) =>
    evidence(
      held.scope,
      { now, branch: branchOf(path) },
      {
        type: 'guardrail.checked',
        ...(agent !== null && { actor: `agent:${agent}` }),
        object: { type: 'guardrail', id },
        outcome,
        detail: {
          boundary,
          version,
          policy: snapshot.digest,
          path,
          content: names.length,
          ...(crossing.tool !== null && { tool: crossing.tool }),
          ...(Object.keys(what).length > 0 && { found: guarding.foundWords(what) }),
        },
      },
    ),
  );
  record(held, {
    type: 'content_checked',
    at: now,
    path,
    boundary,
    agent,
    scope,
    content: names,
    checks,
    ...(cuts.length > 0 && { cuts: Object.fromEntries(cuts) }),
  });
  held.pending.audits.push(...audits);
}

/** Labels of everything that has entered the run, as they were recorded and as the policy has them now. */
function labelsIn({ state, planner }: HeldRun, { flow }: Snapshot): ReadonlySet<string> {
  const labels = new Set(carried(state)?.labels);
  if (flow === null) return labels;
  const { started } = state;
  const input = { from: 'input', name: '', step: null, labels: [], value: started.input } as const;
  const sources = [input, ...(state.flow?.sources ?? [])];
  for (const label of flow.entryLabels(sources)) labels.add(label);
  for (const { from, name } of sources) {
    if (from !== 'tool') continue;
    for (const label of flow.toolFacts(name, planner.bill.tools.get(name)?.definition ?? null).labels)
      labels.add(label);
  }
  return labels;
}

/** What a guardrail has said of the content of the act that is now under way. */
export function heardOf(
  { state }: HeldRun,
  { act, crossing }: { readonly act: Placed; readonly crossing: Crossing },
  { id, version }: Guardrail,
): GuardCheck {
  // What was said of other content does not count: people may have changed what is sent.
  const now = new Set(crossing.content.map(({ key }) => key));
  const standing = (state.guards?.found.get(act.path) ?? []).findLast(
    ({ check, content }) =>
      check.guardrail === id && check.version === version && content.some((name) => now.has(name)),
  );
  return standing?.check ?? { guardrail: id, version, outcome: 'passed', what: {} };
}
