import { VERDICTS } from '@writ/words';
import { z } from 'zod';
import { id, named, time } from './fields';
import { RunStatus, usage } from './run';

const ms = z.int().describe('Milliseconds since `from`.');
const end = z.int().nullable().describe('Milliseconds since `from`; null while it goes on.');
export const stepKind = z.enum([
  'model',
  'tool',
  'data',
  'check',
  'handoff',
  'delegate',
  'run',
  'start',
  'finish',
  'agent',
  'board',
  'message',
]);

const Segment = named(
  'TimelineSegment',
  z.object({
    kind: z.enum([
      'queued',
      'running',
      'model',
      'tool',
      'data',
      'check',
      'handoff',
      'delegate',
      'run',
      'start',
      'finish',
      'agent',
      'board',
      'message',
      'waiting_approval',
      'waiting_input',
      'waiting_external',
      'waiting_reconciliation',
      'waiting_time',
      'retry',
      'throttled',
      'paused',
    ]),
    from_ms: ms,
    to_ms: end,
    attempt: z.int().optional().describe('Of a step’s call: which try.'),
    outcome: z.enum(['ok', 'error', 'lost']).optional().describe('Of a call that ended; `lost` when nobody knows.'),
  }),
);

const TimelineDecision = named(
  'TimelineDecision',
  z.object({
    id: id('decision'),
    sequence: z.int(),
    at_ms: ms,
    verdict: z.enum(VERDICTS),
    reason: z.string(),
    obligations: z.array(z.string()).readonly().optional(),
  }),
);

const TimelineStep = named(
  'TimelineStep',
  z.object({
    step: z.int(),
    sequence: z.int().describe('Of the event it begins with.'),
    lane: z.int().describe('Index into `lanes`.'),
    path: z.string().describe('Node of the workflow; empty for the root.'),
    kind: stepKind,
    target: z.string().describe('The model, tool or agent it is about.'),
    state: z.enum(['running', 'waiting', 'retrying', 'unknown', 'ok', 'error', 'denied', 'abandoned']),
    detail: z.string().optional().describe('Why, where it did not go well: a reason code, or what the failure said.'),
    from_ms: ms,
    to_ms: end,
    attempts: z.int(),
    tokens: z.int(),
    decisions: z.array(TimelineDecision).readonly(),
    segments: z.array(Segment).readonly(),
  }),
);

export const Timeline = named(
  'Timeline',
  z
    .object({
      run: id('run'),
      workflow: z.string(),
      status: RunStatus,
      from: time.describe('When the run was started; what all `…_ms` count from.'),
      to_ms: end,
      as_of_ms: ms.describe('When this was answered.'),
      next_seq: z.int().describe('The timeline is that of the events before this sequence.'),
      lanes: z
        .array(
          z.object({
            path: z.string(),
            agent: z.string().nullable().describe('Null for steps of the workflow itself.'),
            spans: z
              .array(z.object({ from_ms: ms, to_ms: end }))
              .readonly()
              .describe('While it was in control.'),
          }),
        )
        .readonly(),
      segments: z.array(Segment).readonly().describe('The whole run, gap-free, by what it was doing or waiting for.'),
      steps: z.array(TimelineStep).readonly(),
      handoffs: z
        .array(
          z.object({
            sequence: z.int(),
            at_ms: ms,
            step: z.int(),
            from_lane: z.int(),
            to_lane: z.int().nullable().describe('Null when control did not move.'),
            to_agent: z.string(),
            state: z.enum(['made', 'denied', 'asked', 'failed', 'running']),
          }),
        )
        .readonly(),
      start: TimelineDecision.describe('The decision that let it start.'),
      marks: z
        .array(
          z.object({
            sequence: z.int(),
            at_ms: ms,
            kind: z.enum([
              'started',
              'taken_over',
              'signal',
              'cancel',
              'approval',
              'input',
              'note',
              'reconciled',
              'paused',
              'resumed',
              'child',
              'rejected_call',
              'skipped',
              'branches',
              'work',
              'plan',
              'route',
              'guardrail',
              'answer',
              'ended',
            ]),
            text: z.string(),
          }),
        )
        .readonly()
        .describe('What happened beside the steps.'),
      usage,
      problems: z
        .array(z.int())
        .readonly()
        .describe('Indices of steps that were denied, failed or are unknown, in order.'),
    })
    .describe('A run over time, derived from its journal alone.'),
);

export const timelineExample = {
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  workflow: 'refund_order',
  status: 'succeeded',
  from: '2026-11-22T09:30:00.000Z',
  to_ms: 2417,
  as_of_ms: 90_000,
  next_seq: 12,
  lanes: [{ path: '', agent: 'refund_agent', spans: [{ from_ms: 3, to_ms: 2417 }] }],
  segments: [
    { kind: 'queued', from_ms: 0, to_ms: 3 },
    { kind: 'model', from_ms: 3, to_ms: 2400 },
    { kind: 'running', from_ms: 2400, to_ms: 2417 },
  ],
  steps: [
    {
      step: 1,
      sequence: 1,
      lane: 0,
      path: '',
      kind: 'model',
      target: 'chat',
      state: 'ok',
      from_ms: 3,
      to_ms: 2400,
      attempts: 1,
      tokens: 812,
      decisions: [{ id: 'dec_01k8x0q3wsf5z8k2m4n6p8r0t5', sequence: 1, at_ms: 3, verdict: 'allow', reason: 'allowed' }],
      segments: [{ kind: 'model', from_ms: 3, to_ms: 2400, attempt: 1, outcome: 'ok' }],
    },
  ],
  handoffs: [],
  start: { id: 'dec_01k8x0q3wsf5z8k2m4n6p8r0t3', sequence: 0, at_ms: 0, verdict: 'allow', reason: 'allowed' },
  marks: [
    { sequence: 0, at_ms: 0, kind: 'started', text: 'user:7f3a started it' },
    { sequence: 11, at_ms: 2417, kind: 'ended', text: 'succeeded' },
  ],
  usage: { model_calls: 1, tool_calls: 0, tokens: 812, cost_micros: 3_140 },
  problems: [],
};
