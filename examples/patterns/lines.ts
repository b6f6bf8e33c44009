import type { RunEvent } from '@writ/engine';
import type { Json } from '@writ/kernel';

export interface LinesOptions {
  /** What agents answered too. */
  readonly said?: boolean;
  /** The journals of its child runs, by id: their lines stand where they ended. */
  readonly children?: ReadonlyMap<string, readonly RunEvent[]>;
}

/** What a run did, as lines to read: who called what, and what was refused. */
export function linesOf(events: readonly RunEvent[], options: LinesOptions = {}): string[] {
  const { said = false, children } = options;
  const speakers = new Map<number, string>();
  return events.flatMap((event): string[] => {
    switch (event.type) {
      case 'step_intended': {
        if (event.kind === 'model') speakers.set(event.step, event.agent ?? 'workflow');
        if (event.kind === 'model' || event.kind === 'data') return [];
        // What undoes a step takes its arguments from what the step gave: they are what there is to see.
        const given = undoes(event.path) ? ` ${JSON.stringify(event.args ?? {})}` : '';
        return [`${calling(event)}${given}`];
      }
      case 'step_denied':
        return [`${calling(event)}: denied, ${event.decision.reason}`];
      case 'step_settled':
        if (said && speakers.has(event.step)) return answer(speakers.get(event.step)!, event.result);
        return event.failure?.code === 'board_conflict' ? ['conflict: it was written since'] : [];
      case 'call_rejected':
        return [`rejected: ${event.code}`];
      case 'child_ended': {
        const child = children?.get(event.run) ?? [];
        const name = child[0]?.type === 'run_started' ? child[0].workflow : event.run;
        return linesOf(child, options).map((line) => `${name}: ${line}`);
      }
      case 'branches_joined':
        if (event.cancelled.length === 0) return [];
        return [`decided: ${event.merged.join(', ')} is taken, ${event.cancelled.join(', ')} is cancelled`];
      default:
        return [];
    }
  });
}

const undoes = (path: string): boolean => path.endsWith('~');

function calling({
  path,
  agent,
  kind,
  target,
}: {
  readonly path: string;
  readonly agent: string | null;
  readonly kind: string;
  readonly target: string;
}): string {
  return `${undoes(path) ? 'undoing: ' : ''}${agent ?? 'workflow'} → ${kind} ${target}`;
}

function answer(agent: string, reply: Json | undefined): string[] {
  const { content = null } = (reply ?? {}) as { content?: string | null };
  return content === null ? [] : [`${agent} says: ${content}`];
}
