import type { RunRow } from '@writ/database';
import type { ListedRun, RunView } from './api';
import type { WaitFor } from './events';
import type { RunFacts } from './search/run-facts';

export function runView(row: RunRow): RunView {
  return {
    id: row.id,
    workflow: row.workflow,
    workflow_digest: row.workflowDigest,
    status: row.status,
    initiator: row.initiator,
    wait: row.wait === null ? null : (JSON.parse(row.wait) as RunView['wait']),
    next_seq: row.nextSeq,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    trace_id: row.traceId,
  };
}

export function listedRun(row: RunRow, facts: RunFacts): ListedRun {
  const wait = row.wait === null ? null : (JSON.parse(row.wait) as WaitFor);
  return {
    ...runView(row),
    root_agent: facts.agents[0] ?? null,
    agent: facts.agents.at(-1) ?? null,
    duration_ms: row.finishedAt === null ? null : row.finishedAt.getTime() - row.createdAt.getTime(),
    waiting_on: wait && waitingOn(wait, facts),
    decisions: facts.decisions,
    usage: facts.usage,
  };
}

/** What a run waits for, in words people read. */
function waitingOn(wait: WaitFor, { last }: RunFacts): string {
  const at = (ms: number): string => new Date(ms).toISOString();
  switch (wait.for) {
    case 'signal':
      if (wait.signal === null) return wait.until === null ? 'nothing that could come' : `the time ${at(wait.until)}`;
      return `the signal ${wait.signal}${wait.until === null ? '' : `, until ${at(wait.until)}`}`;
    case 'child':
      return `the run ${wait.run}`;
    case 'message':
      return `a message to ${wait.mailbox}, until ${at(wait.until)}`;
    case 'pause':
      return `somebody to resume it: ${wait.reason}`;
    case 'input':
      return `an answer to a question${wait.until === null ? '' : `, until ${at(wait.until)}`}`;
    case 'stop':
      return `the release of a stop, for ${wait.target}`;
    case 'approval':
      return `an approval of ${wait.target}`;
    case 'reconciliation': {
      const target = last?.step === wait.step ? last.target : `step ${wait.step}`;
      const which = (wait.attempt ?? 1) > 1 ? `attempt ${wait.attempt} of ${target}` : target;
      return `somebody to say what became of ${which}`;
    }
    case 'budget':
      return wait.asks
        ? `somebody to grant more for ${wait.target}`
        : `room in budget ${wait.budget} for ${wait.target}`;
    case 'rate':
      return `its turn for ${wait.target}, under the rate of obligation ${wait.obligation}`;
    case 'retry':
      return `another try of ${last?.step === wait.step ? last.target : `step ${wait.step}`} at ${at(wait.until)}`;
  }
}
