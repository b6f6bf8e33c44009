import type { Json } from '@writ/kernel';
import type { PolledMail } from '@writ/database';
import type { ApprovalBody } from '@writ/policy';
import type { RunEventWithMail } from './advance';

export interface SignalBody {
  readonly name: string;
  readonly payload: Json;
}
export interface CancelBody {
  readonly reason: string;
}
export interface ReconcileBody {
  readonly step: number;
  readonly verdict: 'happened' | 'did_not_happen' | 'abandon';
  readonly result?: Json;
  readonly note: string;
}

/** A letter as the event that consuming it is. */
export function mailEvent(letter: PolledMail, at: number): RunEventWithMail {
  const { id: mail, sender: by } = letter;
  const body = JSON.parse(letter.body) as unknown;
  switch (letter.kind) {
    case 'signal': {
      const { name, payload } = body as SignalBody;
      return { type: 'signal_received', at, mail, name, payload, by };
    }
    case 'cancel':
      return { type: 'cancel_requested', at, mail, by, reason: (body as CancelBody).reason };
    case 'approval': {
      const { approval, path, verdict, edited } = body as ApprovalBody;
      return { type: 'approval_answered', at, mail, path, approval, verdict, by, ...(edited && { edited }) };
    }
    case 'reconcile': {
      const { step, verdict, result, note } = body as ReconcileBody;
      return { type: 'step_reconciled', at, mail, step, verdict, by, note, ...(result !== undefined && { result }) };
    }
    default:
      throw new Error(`mail ${mail} is of unknown kind ${letter.kind}`);
  }
}
