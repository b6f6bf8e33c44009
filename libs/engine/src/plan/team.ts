import type { JsonObject } from '@writ/kernel';
import type { AgentDefinition } from '@writ/registry';
import { checkArguments } from '../arguments';
import type { NextStep } from '../next-step';
import type { Work } from '../state';
import type { PlanAt, Planned } from './plan-at';
import { type AgentPlan, agentOf, DEFAULT_PARALLEL, DEFAULT_RESULT_CHARS, refusedBy, type Speaking } from './speaking';
import type { LedgerTask } from './ledger';

export interface Assignment {
  readonly call: string;
  readonly worker: string;
  readonly task: string;
  readonly brief: string;
  /** Asked as a tool would be: the agent's own definition names whom, and no plan is kept. */
  readonly asks?: boolean;
}

/** One piece of work for another agent, if the bounds allow: who may be given work is the policy's to say, each time. */
export function planAssignment(speaking: Speaking, wanted: Assignment): Planned {
  const { plan, at, node, chain } = speaking;
  const { call, worker, task, brief } = wanted;
  if (wanted.asks !== true) {
    const { team } = plan;
    const known = team?.workers ?? [];
    const reject = (code: string, message: string): Planned => ({
      next: [{ type: 'reject_call', path: at.path, call, code, message }],
    });
    if (!team || !known.includes(worker)) {
      return reject('unknown_worker', `there is no worker ${JSON.stringify(worker)}; there are ${known.join(', ')}`);
    }
    const rounds = node?.rounds ?? 0;
    // Several pieces given away in one turn are one round.
    if (rounds >= team.maxRounds && node?.assigning !== true) {
      return refusedBy(speaking, call, {
        code: 'round_limit',
        message: `work was given away in ${rounds} turns, the limit`,
      });
    }
    const stalls = node?.stalls ?? 0;
    if (stalls >= team.maxStalls) {
      const message = `the last ${stalls} results brought nothing new: write a new plan first`;
      return refusedBy(speaking, call, { code: 'stalled', message });
    }
  }
  const to = agentOf(at.bill, worker);
  const fits = fitting(to.definition, brief);
  if (typeof fits === 'string') {
    return { next: [{ type: 'reject_call', path: at.path, call, code: 'payload_invalid', message: fits }] };
  }
  const asks = wanted.asks === true;
  const budget = asks ? undefined : plan.team?.workerBudget;
  const step = { type: 'delegate', path: at.path, chain, to, purpose: task, brief, call, asks } as const;
  return { next: [{ ...step, ...fits, ...(budget && { budget }) }] };
}

/** What a brief holds for an agent that takes something of a shape; why it does not fit, where it does not. */
function fitting({ name, takes }: AgentDefinition, brief: string): { readonly payload?: JsonObject } | string {
  if (takes === undefined) return {};
  const read = checkArguments(brief, takes as JsonObject);
  return read.ok ? { payload: read.value } : `the brief is not what ${name} takes: ${read.failure.message}`;
}

const MOST_PLANS = 50;

/** The plan as the supervisor wrote it, kept as a version of its own. */
export function planLedger(speaking: Speaking, call: string, args: JsonObject): Planned {
  const { plan, at } = speaking;
  const tasks = args['tasks'] as unknown as readonly LedgerTask[];
  const stranger = tasks.find((task) => task.worker !== undefined && !plan.team?.workers.includes(task.worker));
  if (stranger) {
    const message = `task ${stranger.id} names ${JSON.stringify(stranger.worker)}, who is no worker here`;
    return { next: [{ type: 'reject_call', path: at.path, call, code: 'unknown_worker', message }] };
  }
  const version = (at.state.ledgers.get(at.path)?.version ?? 0) + 1;
  if (version > MOST_PLANS) {
    return refusedBy(speaking, call, { code: 'plan_limit', message: `the plan was written ${version - 1} times` });
  }
  const facts = (args['facts'] ?? []) as readonly string[];
  const ledger = { version, tasks, facts, reason: String(args['reason'] ?? '') };
  return { next: [{ type: 'update_ledger', path: at.path, call, ledger }] };
}

type PlanWork = (plan: AgentPlan, at: PlanAt) => Planned;

/** Work given away and not back yet: each piece in a branch of its own, so many at a time; what is done comes back. */
export function workSteps(speaking: Speaking, planAgent: PlanWork): readonly NextStep[] {
  const { plan, node } = speaking;
  if (!node) return [];
  const most = plan.team?.maxParallel ?? DEFAULT_PARALLEL;
  return node.work.slice(0, most).flatMap((work) => stepsOf(speaking, work, planAgent));
}

function stepsOf({ plan, at, own }: Speaking, work: Work, planAgent: PlanWork): readonly NextStep[] {
  const chain = [...at.chain, ...own.slice(0, work.hops + 1)];
  const input = { message: work.brief };
  const planned = planAgent({ entry: work.to.agent, hop: work.to, input }, { ...at, path: work.path, chain });
  if ('next' in planned) return planned.next;
  const { ended } = planned;
  const chars = plan.team?.maxResultChars ?? DEFAULT_RESULT_CHARS;
  return [{ type: 'return_work', path: at.path, work, chars, failure: ended.done ? null : ended.failure }];
}
