import type { Json } from '@writ/kernel';
import type { IconName } from '../ui/icons';
import type { JournalEvent } from './all-events';
import type { Speeches } from './speech';

/** One thing said or done, as a reader follows it. */
export interface Talk {
  readonly sequence: number;
  readonly time: string;
  readonly kind: 'input' | 'said' | 'call' | 'result' | 'handoff' | 'refused' | 'note' | 'end';
  readonly icon: IconName;
  readonly who: string;
  readonly what: string;
  readonly text: string | null;
  readonly value?: Json;
}

const str = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a step is of, as its intent said. */
interface Intended {
  readonly kind: string;
  readonly agent: string;
  readonly target: string;
}
const NOTHING: Intended = { kind: '', agent: '', target: '' };

function intents(events: readonly JournalEvent[]): ReadonlyMap<number, Intended> {
  const found = new Map<number, Intended>();
  for (const event of events) {
    if (event.type !== 'step_intended') continue;
    const intended = { kind: str(event['kind']), agent: str(event['agent']), target: str(event['target']) };
    found.set(Number(event['step']), intended);
  }
  return found;
}

/** A run's journal as a conversation; bookkeeping is left out. Only text and JSON come of it, never markup. */
export function talkOf(events: readonly JournalEvent[]): readonly Talk[] {
  const steps = intents(events);
  return events.flatMap((event) => {
    const made = read(event, steps.get(Number(event['step'])) ?? NOTHING);
    return made ? [{ sequence: event.sequence, time: event.time, text: null, ...made }] : [];
  });
}

/** Somebody who is speaking now. */
export interface Speaking {
  readonly step: number;
  readonly who: string;
  readonly text: string;
  readonly done: boolean;
}

/** What is being said and does not stand in the journal yet. */
export function speakingOf(events: readonly JournalEvent[], speeches: Speeches): readonly Speaking[] {
  if (speeches.size === 0) return [];
  const steps = intents(events);
  const settled = new Map<number, number>();
  for (const event of events)
    if (event.type === 'step_settled') settled.set(Number(event['step']), Number(event['attempt']));
  return [...speeches.values()].flatMap(({ step, attempt, text, done }) => {
    if (attempt <= (settled.get(step) ?? 0) || text === '') return [];
    return [{ step, who: steps.get(step)?.agent || 'model', text, done }];
  });
}

type Made = Omit<Talk, 'sequence' | 'time' | 'text'> & { readonly text?: string | null };

function read(event: JournalEvent, step: Intended): Made | null {
  const agent = str(event['agent']) || 'workflow';
  const target = str(event['target']);
  switch (event.type) {
    case 'run_started': {
      const who = str((event['initiator'] as { id?: unknown } | undefined)?.id);
      return {
        kind: 'input',
        icon: 'person',
        who,
        what: `started ${str(event['workflow'])}`,
        value: event['input'] as Json,
      };
    }
    case 'step_intended':
      if (event['kind'] === 'tool')
        return { kind: 'call', icon: 'tool', who: agent, what: `calls ${target}`, value: event['args'] as Json };
      if (event['kind'] === 'board' || event['kind'] === 'message') {
        const what = `${event['kind'] === 'board' ? 'uses the blackboard at' : 'uses the mailbox of'} ${target}`;
        return { kind: 'call', icon: 'data', who: agent, what, value: event['args'] as Json };
      }
      if (event['kind'] === 'run') return { kind: 'call', icon: 'runs', who: agent, what: `starts ${target}` };
      if (event['kind'] !== 'handoff' && event['kind'] !== 'delegate') return null;
      return {
        kind: 'handoff',
        icon: 'handoff',
        who: agent,
        what: `${event['kind'] === 'delegate' ? 'gives work to' : 'hands over to'} ${target}`,
        text: str((event['handoff'] as { message?: unknown } | undefined)?.message) || null,
      };
    case 'step_settled':
      return settled(event, step);
    case 'step_denied':
      return {
        kind: 'refused',
        icon: 'deny',
        who: agent,
        what: `was refused ${target}`,
        text: `Told: ${str((event['decision'] as { reason?: unknown } | undefined)?.reason)}`,
      };
    case 'step_asked':
      return { kind: 'note', icon: 'hand', who: agent, what: `needs approval for ${target}` };
    case 'step_unknown':
      return {
        kind: 'refused',
        icon: 'unsure',
        who: 'Writ',
        what: 'does not know what became of the call',
        text: str(event['reason']),
      };
    case 'step_reconciled':
      return {
        kind: 'note',
        icon: 'person',
        who: str(event['by']),
        what: `said: ${str(event['verdict'])}`,
        text: str(event['note']),
      };
    case 'signal_received':
      return {
        kind: 'note',
        icon: 'flag',
        who: str(event['by']),
        what: `signal ${str(event['name'])}`,
        value: event['payload'] as Json,
      };
    case 'cancel_requested':
      return person(event, { icon: 'stop', what: 'asked for the end', text: str(event['reason']) });
    case 'pause_requested':
      return person(event, { icon: 'pause', what: 'took hold of the run', text: str(event['reason']) });
    case 'resume_requested':
      return person(event, { icon: 'play', what: 'gave it back', text: str(event['reason']) });
    case 'upgrade_requested':
      return person(event, {
        icon: 'retry',
        what: `asked for version ${String(event['version'])}`,
        text: str(event['reason']),
      });
    case 'upgrade_settled':
      return {
        kind: 'note',
        icon: 'retry',
        who: 'Writ',
        what:
          event['moved'] === true ? 'the run goes by the newer versions from here' : 'the run stays as it is pinned',
        text: str(event['because']) || null,
      };
    case 'content_checked':
      return guarded(event, agent);
    case 'note_received':
      return person(event, { icon: 'person', what: 'told the agents', text: str(event['text']) });
    case 'input_answered':
      return { ...person(event, { icon: 'person', what: 'answered' }), value: event['answer'] as Json };
    case 'approval_answered':
      return person(event, {
        icon: event['verdict'] === 'approved' ? 'check' : 'deny',
        what: event['edited'] === undefined ? str(event['verdict']) : 'approved, with other arguments',
      });
    case 'run_finished':
      return { kind: 'end', icon: 'check', who: 'Writ', what: 'the run ended', value: event['output'] as Json };
    case 'run_failed':
      return {
        kind: 'end',
        icon: 'cross',
        who: 'Writ',
        what: `the run ended: ${str(event['status'])}`,
        text: str((event['failure'] as { message?: unknown } | undefined)?.message),
      };
    case 'run_cancelled':
      return {
        kind: 'end',
        icon: 'cross',
        who: str(event['by']),
        what: 'the run was cancelled',
        text: str(event['reason']),
      };
    default:
      return null;
  }
}

/** Guardrails that let everything pass as it was are not worth a line. */
function guarded(event: JournalEvent, agent: string): Made | null {
  const checks = (event['checks'] ?? []) as readonly { guardrail: string; outcome: string; what: object }[];
  const spoke = checks.filter(({ outcome }) => outcome !== 'passed');
  if (spoke.length === 0) return null;
  const whose = event['boundary'] === 'input' ? `what ${agent} hears` : `what leaves with ${agent}`;
  return {
    kind: spoke.every(({ outcome }) => outcome === 'redacted') ? 'note' : 'refused',
    icon: 'filter',
    who: 'Writ',
    what: `guardrails looked at ${whose}`,
    text: spoke.map(({ guardrail, outcome, what }) => `${guardrail}: ${outcome} (${found(what)})`).join('\n'),
  };
}

const found = (what: object): string =>
  Object.entries(what)
    .map(([kind, count]) => (typeof count === 'number' ? `${count} ${kind}` : `${kind} ${String(count)}`))
    .join(', ');

/** What a person did to the run. */
const person = (
  event: JournalEvent,
  said: { readonly icon: IconName; readonly what: string; readonly text?: string },
): Made => ({ kind: 'note', who: str(event['by']), ...said });

/** A model's answer is what the agent said; a tool's is its result. */
function settled(event: JournalEvent, { kind, agent, target }: Intended): Made | null {
  if (event['outcome'] !== 'ok') {
    const failure = event['failure'] as { message?: unknown } | undefined;
    return { kind: 'refused', icon: 'cross', who: kind || 'call', what: 'failed', text: str(failure?.message) };
  }
  if (kind === 'tool')
    return { kind: 'result', icon: 'down', who: target || 'tool', what: 'answers', value: event['result'] as Json };
  if (kind !== 'model') return null;
  const said = str(
    (event['result'] as { text?: unknown; content?: unknown } | null)?.text ??
      (event['result'] as { content?: unknown } | null)?.content,
  );
  return said === '' ? null : { kind: 'said', icon: 'model', who: agent || 'model', what: 'says', text: said };
}
