import type { Json } from '@writ/kernel';
import type { IconName } from '../ui/icons';
import type { JournalEvent } from './all-events';

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

/** A run's journal as a conversation; bookkeeping is left out. Only text and JSON come of it, never markup. */
export function talkOf(events: readonly JournalEvent[]): readonly Talk[] {
  const kinds = new Map<number, string>();
  for (const event of events) if (event.type === 'step_intended') kinds.set(Number(event['step']), str(event['kind']));
  return events.flatMap((event) => {
    const made = read(event, kinds.get(Number(event['step'])) ?? '');
    return made ? [{ sequence: event.sequence, time: event.time, text: null, ...made }] : [];
  });
}

type Made = Omit<Talk, 'sequence' | 'time' | 'text'> & { readonly text?: string | null };

function read(event: JournalEvent, kind: string): Made | null {
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
      if (event['kind'] !== 'handoff') return null;
      return {
        kind: 'handoff',
        icon: 'handoff',
        who: agent,
        what: `hands over to ${target}`,
        text: str((event['handoff'] as { message?: unknown } | undefined)?.message) || null,
      };
    case 'step_settled':
      return settled(event, kind);
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
      return {
        kind: 'note',
        icon: 'stop',
        who: str(event['by']),
        what: 'asked for the end',
        text: str(event['reason']),
      };
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

/** A model's answer is what the agent said; a tool's is its result. */
function settled(event: JournalEvent, kind: string): Made | null {
  if (event['outcome'] !== 'ok') {
    const failure = event['failure'] as { message?: unknown } | undefined;
    return { kind: 'refused', icon: 'cross', who: kind || 'call', what: 'failed', text: str(failure?.message) };
  }
  if (kind === 'tool')
    return { kind: 'result', icon: 'down', who: 'tool', what: 'answers', value: event['result'] as Json };
  if (kind !== 'model') return null;
  const said = str(
    (event['result'] as { text?: unknown; content?: unknown } | null)?.text ??
      (event['result'] as { content?: unknown } | null)?.content,
  );
  return said === '' ? null : { kind: 'said', icon: 'model', who: 'model', what: 'says', text: said };
}
