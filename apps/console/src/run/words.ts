import type { IconName } from '../ui/icons';
import type { Sign, Tone } from '../ui/tone';
import type { SegmentKind, Step } from './timeline-rows';

export const KIND: { readonly [K in Step['kind']]: { readonly icon: IconName; readonly word: string } } = {
  model: { icon: 'model', word: 'Model' },
  tool: { icon: 'tool', word: 'Tool' },
  data: { icon: 'data', word: 'Data' },
  check: { icon: 'filter', word: 'Guardrail' },
  handoff: { icon: 'handoff', word: 'Handoff' },
  delegate: { icon: 'agent', word: 'Work given' },
  run: { icon: 'runs', word: 'Run' },
  agent: { icon: 'agent', word: 'Framework' },
  board: { icon: 'data', word: 'Blackboard' },
  message: { icon: 'handoff', word: 'Message' },
  start: { icon: 'play', word: 'Start' },
  finish: { icon: 'check', word: 'Answer' },
};

export const STEP_STATE: { readonly [S in Step['state']]: Sign } = {
  running: { tone: 'busy', icon: 'play', word: 'Running' },
  waiting: { tone: 'wait', icon: 'clock', word: 'Waiting' },
  retrying: { tone: 'wait', icon: 'retry', word: 'Retrying' },
  unknown: { tone: 'unsure', icon: 'unsure', word: 'Outcome unknown' },
  ok: { tone: 'good', icon: 'check', word: 'Done' },
  error: { tone: 'bad', icon: 'cross', word: 'Failed' },
  denied: { tone: 'bad', icon: 'deny', word: 'Denied' },
  abandoned: { tone: 'calm', icon: 'cross', word: 'Abandoned' },
};

/** How a stretch of time is called and drawn. `wait` are hatched: time passes, nothing is done. */
export const SEGMENT: {
  readonly [K in SegmentKind]: {
    readonly word: string;
    readonly look: 'work' | 'wait' | 'rest';
    readonly tone: Tone | 'accent';
  };
} = {
  queued: { word: 'Queued', look: 'rest', tone: 'calm' },
  running: { word: 'Between steps', look: 'rest', tone: 'busy' },
  model: { word: 'Model call', look: 'work', tone: 'accent' },
  tool: { word: 'Tool call', look: 'work', tone: 'busy' },
  data: { word: 'Data read', look: 'work', tone: 'calm' },
  check: { word: 'Asked by a guardrail', look: 'work', tone: 'calm' },
  handoff: { word: 'Handoff', look: 'work', tone: 'unsure' },
  delegate: { word: 'Work given', look: 'work', tone: 'unsure' },
  run: { word: 'Starting a run', look: 'work', tone: 'accent' },
  agent: { word: 'Framework at work', look: 'work', tone: 'accent' },
  board: { word: 'Blackboard', look: 'work', tone: 'calm' },
  message: { word: 'Message', look: 'work', tone: 'calm' },
  start: { word: 'Let start', look: 'work', tone: 'good' },
  finish: { word: 'Giving its answer', look: 'work', tone: 'good' },
  waiting_approval: { word: 'Waiting for approval', look: 'wait', tone: 'wait' },
  waiting_input: { word: 'Waiting for an answer', look: 'wait', tone: 'wait' },
  waiting_external: { word: 'Waiting for a signal', look: 'wait', tone: 'wait' },
  waiting_reconciliation: { word: 'Waiting: outcome unknown', look: 'wait', tone: 'unsure' },
  waiting_time: { word: 'Waiting for a time', look: 'wait', tone: 'calm' },
  retry: { word: 'Waiting to retry', look: 'wait', tone: 'wait' },
  throttled: { word: 'Waiting for its turn', look: 'wait', tone: 'wait' },
  paused: { word: 'Stopped by a person', look: 'wait', tone: 'bad' },
};
