import type { ApprovalBody } from '@writ/policy';
import type { Database, PolledMail } from '@writ/database';
import type { RunStatus } from '@writ/words';
import type { RunEventWithMail } from './events';
import { type ChildOutcome, childOutcome } from './children/child-rows';
import type {
  CancelBody,
  ChildBody,
  InputBody,
  NoteBody,
  ReconcileBody,
  SignalBody,
  SteerBody,
  UpgradeBody,
} from './mail-bodies';
import { RunDefect } from './run-defect';

/** A letter as the event that consuming it is. A child's report says that it ended; what came of it is read from its journal. */
export async function readMail(db: Database, letter: PolledMail, at: number): Promise<RunEventWithMail> {
  if (letter.kind !== 'child') return mailEvent(letter, at);
  const { child, path, status } = JSON.parse(letter.body) as ChildBody;
  const { failure, ...outcome } = await childOutcome(db, letter.tenant, child).catch((error: unknown) =>
    untold(status, error),
  );
  return {
    type: 'child_ended',
    at,
    mail: letter.id,
    by: letter.sender,
    path,
    run: child,
    ...outcome,
    ...(failure && { failure }),
  };
}

/** A child whose journal cannot be read ends its node all the same: what it used, nobody knows. */
function untold(status: RunStatus, error: unknown): ChildOutcome {
  if (!(error instanceof RunDefect)) throw error;
  const usage = { model_calls: 0, tool_calls: 0, tokens: 0 };
  return { status, output: null, failure: error.failure, usage };
}

function mailEvent(letter: PolledMail, at: number): RunEventWithMail {
  const { id: mail, sender: by } = letter;
  const body = JSON.parse(letter.body) as unknown;
  switch (letter.kind) {
    case 'signal': {
      const { name, payload, correlation } = body as SignalBody;
      return {
        type: 'signal_received',
        at,
        mail,
        name,
        payload,
        by,
        ...(correlation !== undefined && { correlation }),
      };
    }
    case 'cancel':
      return { type: 'cancel_requested', at, mail, by, reason: (body as CancelBody).reason };
    case 'approval': {
      const { approval, path, verdict, edited } = body as ApprovalBody;
      return { type: 'approval_answered', at, mail, path, approval, verdict, by, ...(edited && { edited }) };
    }
    case 'pause':
      return { type: 'pause_requested', at, mail, by, reason: (body as SteerBody).reason };
    case 'resume':
      return { type: 'resume_requested', at, mail, by, reason: (body as SteerBody).reason };
    case 'redrive':
      return { type: 'run_redriven', at, mail, by, reason: (body as SteerBody).reason };
    case 'input': {
      const { input, path, answer } = body as InputBody;
      return { type: 'input_answered', at, mail, path, input, answer, by };
    }
    case 'upgrade': {
      const { bill, bill_digest, version, reason } = body as UpgradeBody;
      return { type: 'upgrade_requested', at, mail, by, bill, bill_digest, version, reason };
    }
    case 'note':
      return { type: 'note_received', at, mail, text: (body as NoteBody).text, by };
    case 'reconcile': {
      const { step, verdict, result, note } = body as ReconcileBody;
      return { type: 'step_reconciled', at, mail, step, verdict, by, note, ...(result !== undefined && { result }) };
    }
    default:
      throw new Error(`mail ${mail} is of unknown kind ${letter.kind}`);
  }
}
