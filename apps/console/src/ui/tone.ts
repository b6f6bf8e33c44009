import type { RunStatus, Verdict } from '@writ/words';
import type { IconName } from './icons';

/** What a colour stands for. Every use also carries an icon and a word, so that no meaning hangs on colour alone. */
export type Tone = 'good' | 'bad' | 'wait' | 'busy' | 'calm' | 'unsure';

export interface Sign {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly word: string;
}

export const RUN_STATUS: { readonly [S in RunStatus]: Sign } = {
  queued: { tone: 'calm', icon: 'clock', word: 'Queued' },
  running: { tone: 'busy', icon: 'play', word: 'Running' },
  waiting_approval: { tone: 'wait', icon: 'hand', word: 'Needs approval' },
  waiting_input: { tone: 'wait', icon: 'hand', word: 'Needs an answer' },
  waiting_external: { tone: 'wait', icon: 'clock', word: 'Waiting' },
  waiting_reconciliation: { tone: 'unsure', icon: 'unsure', word: 'Outcome unknown' },
  paused: { tone: 'wait', icon: 'pause', word: 'Paused' },
  succeeded: { tone: 'good', icon: 'check', word: 'Succeeded' },
  failed: { tone: 'bad', icon: 'cross', word: 'Failed' },
  timed_out: { tone: 'bad', icon: 'clock', word: 'Timed out' },
  denied: { tone: 'bad', icon: 'deny', word: 'Denied' },
  cancelled: { tone: 'calm', icon: 'cross', word: 'Cancelled' },
  stopped: { tone: 'bad', icon: 'stop', word: 'Stopped' },
  quarantined: { tone: 'unsure', icon: 'warn', word: 'Quarantined' },
};

export const VERDICT: { readonly [V in Verdict]: Sign } = {
  allow: { tone: 'good', icon: 'check', word: 'Allowed' },
  deny: { tone: 'bad', icon: 'deny', word: 'Denied' },
  ask: { tone: 'wait', icon: 'hand', word: 'Asked' },
};

/** Ended, or resting, in a way a person should look at. */
export const isProblem = (status: RunStatus): boolean =>
  ['bad', 'unsure'].includes(RUN_STATUS[status].tone) || status === 'waiting_approval';
