import type { Json, JsonObject } from '@writ/kernel';
import type { Node } from '@writ/registry';
import { childOf } from '../path';
import { planAgent } from './agent';
import { inputOf } from './leaves';
import type { LedgerTask } from './ledger';
import { ended, failedAs, type PlanAt, type Planned } from './plan-at';
import { entered } from './route';
import { agentOf, hopOf } from './speaking';

type PlanNode = Extract<Node, { type: 'plan' }>;

interface WantedStep {
  readonly executor: string;
  readonly task: string;
}

interface DoneStep extends WantedStep {
  readonly output: Json;
}

/** Where a plan has come to: what was done under all its versions, and why the last one did not hold. */
interface Progress {
  readonly goal: JsonObject;
  readonly done: DoneStep[];
  failed: { readonly step: WantedStep; readonly why: string } | null;
}

/**
 * A planner writes down steps, executors do them one after the other. A step that fails, or whose executor is not
 * allowed, makes the planner write a new version over what is done and what went wrong; each version is on record, and
 * with `approve` let run by people, before its first step.
 */
export function planAndExecute(node: PlanNode, at: PlanAt): Planned {
  const goal = inputOf(node.input, at);
  if ('ended' in goal) return goal;
  const progress: Progress = { goal: goal.value, done: [], failed: null };
  for (let version = 1; version <= node.max_replans + 1; version++) {
    const path = childOf(at.path, `#${version - 1}`);
    const written = write(node, progress, { ...at, path: childOf(path, '+') });
    if ('next' in written || !written.ended.done) return written;
    const { steps } = written.ended.output as unknown as { readonly steps: readonly WantedStep[] };
    if (progress.done.length + steps.length > node.max_steps) {
      return failedAs(
        'plan_too_long',
        `the plan has ${steps.length} steps after ${progress.done.length}, of ${node.max_steps}`,
      );
    }
    if ((at.state.ledgers.get(at.path)?.version ?? 0) < version) return note(version, { steps, progress }, at);
    if (node.approve === true) {
      const said = approved({ version, steps }, { ...at, path: childOf(path, '!') });
      if (said) return said;
    }
    const planned = execute(node, { steps, progress }, { ...at, path });
    if (planned) return planned;
    if (progress.failed === null) return ended({ version, results: progress.done as unknown as Json });
  }
  const { step, why } = progress.failed!;
  return failedAs('plan_failed', `${step.executor} could not do ${JSON.stringify(step.task)}: ${why}`);
}

/** The plan's next version. Executors are named from a closed list, so a plan for somebody else is an answer repaired. */
function write(node: PlanNode, { goal, done, failed }: Progress, at: PlanAt): Planned {
  const output: JsonObject = {
    type: 'object',
    properties: {
      steps: {
        type: 'array',
        minItems: 1,
        maxItems: node.max_steps,
        items: {
          type: 'object',
          properties: { executor: { enum: node.executors }, task: { type: 'string', minLength: 1, maxLength: 4000 } },
          required: ['executor', 'task'],
        },
      },
    },
    required: ['steps'],
  };
  const executors = node.executors.map((name) => ({ name, purpose: agentOf(at.bill, name).definition.purpose }));
  const input = {
    goal,
    executors,
    done: done as unknown as Json,
    ...(failed && { failed: failed as unknown as Json }),
  };
  return planAgent({ entry: node.planner, input, output }, at);
}

/** People read each version before its first step; null once they let it run. */
function approved(
  { version, steps }: { readonly version: number; readonly steps: readonly WantedStep[] },
  at: PlanAt,
): Planned | null {
  const list = steps.map(({ executor, task }, i) => `${i + 1}. ${executor}: ${task}`).join('\n');
  const question = `May this plan run (version ${version})?\n${list}`.slice(0, LONGEST_QUESTION);
  const said = at.plan({ type: 'input', question, schema: { enum: ['approve', 'reject'] } }, at);
  if ('next' in said || !said.ended.done) return said;
  if (said.ended.output === 'approve') return null;
  return failedAs('plan_rejected', `version ${version} of the plan was rejected`);
}

const LONGEST_QUESTION = 4_000;

interface Version {
  readonly steps: readonly WantedStep[];
  readonly progress: Progress;
}

function note(version: number, { steps, progress }: Version, at: PlanAt): Planned {
  const tasks = steps.map((step, i): LedgerTask => ({
    id: `s${i}`,
    title: step.task,
    worker: step.executor,
    status: 'open',
  }));
  const facts = progress.done.map((one) => `${one.executor} has done: ${one.task}`);
  const reason = progress.failed === null ? 'first plan' : `after a failure: ${progress.failed.why}`;
  return { next: [{ type: 'update_ledger', path: at.path, call: null, ledger: { version, tasks, facts, reason } }] };
}

/** The steps in order; null when they are all done, or one failed, as `progress` says. */
function execute(node: PlanNode, { steps, progress }: Version, at: PlanAt): Planned | null {
  progress.failed = null;
  const by = [hopOf(agentOf(at.bill, node.planner))];
  for (const [i, step] of steps.entries()) {
    const input = { goal: progress.goal, task: step.task, done: progress.done as unknown as Json };
    const wanted = { agent: step.executor, purpose: step.task.slice(0, 200), input, by };
    const planned = entered(wanted, { ...at, path: childOf(at.path, `s${i}`) });
    if (planned && 'next' in planned) return planned;
    if (planned?.ended.done) progress.done.push({ ...step, output: planned.ended.output });
    else {
      const why = planned && !planned.ended.done ? planned.ended.failure.message : 'the executor is not allowed';
      progress.failed = { step, why };
      return null;
    }
  }
  return null;
}
