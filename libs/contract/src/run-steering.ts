import { RECONCILIATIONS } from '@writ/words';
import { z } from 'zod';
import { id, json, name, named } from './fields';
import { route } from './route';

const Accepted = named('Accepted', z.object({ accepted: z.boolean() }));
const accepted = (description: string) => ({ 202: { description, schema: Accepted, example: { accepted: true } } });

const params = z.strictObject({ id: id('run') });
const reason = {
  schema: named('ChangeRun', z.strictObject({ reason: z.string().min(1).max(500) })),
  example: { reason: 'The supplier checks its prices first.' },
};

/** What people and programs ask of a run that is under way, or over. */
export const runSteeringRoutes = {
  cancelRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/cancel',
    area: 'runs',
    summary: 'Ask a run to end',
    description: 'The run’s worker consumes the request with its next step. A call already out is not taken back.',
    access: ['run.cancel'],
    params,
    body: {
      schema: named('CancelRun', z.strictObject({ reason: z.string().min(1).max(500) })),
      example: { reason: 'The customer withdrew the request.' },
    },
    responses: accepted('The run will end as cancelled.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  pauseRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/pause',
    area: 'runs',
    summary: 'Hold a run after the steps under way',
    description:
      'No step begins once the run has taken it up; its deadline goes on. It moves again when it is resumed.',
    access: ['run.pause'],
    params,
    body: reason,
    responses: accepted('The run will hold after the steps under way.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  resumeRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/resume',
    area: 'runs',
    summary: 'Let a paused run go on',
    description:
      'Each of its next steps is decided again, under the policy of then. A note is told to its agents first, and needs `run.steer` besides.',
    access: ['run.resume', 'run.steer'],
    params,
    body: {
      schema: named(
        'ResumeRun',
        z.strictObject({
          reason: z.string().min(1).max(500),
          note: z.string().min(1).max(4000).exactOptional().describe('Told to the agents, as from an operator.'),
        }),
      ),
      example: {
        reason: 'The supplier has answered.',
        note: 'Article 4 is out of stock; offer the customer article 7 instead.',
      },
    },
    responses: accepted('The run will go on.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  undoRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/undo',
    area: 'runs',
    summary: 'Undo what a run did that ended without doing so',
    description:
      'For a run that failed, was denied, was ended by a stop or ran out of time. What it did is undone, last first, from what it really gave; each call is decided anew. It then is `cancelled`, and its last event lists what was undone and what could not be.',
    access: ['run.cancel'],
    params,
    body: reason,
    responses: accepted('The run is undone.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  redriveRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/redrive',
    area: 'runs',
    summary: 'Take a run out of quarantine',
    description:
      'It goes on behind its last recorded step, decided anew; nothing that was done is done again. What put it there may put it there again.',
    access: ['run.redrive'],
    params,
    body: reason,
    responses: accepted('The run is looked at again.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  signalRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/signal',
    area: 'runs',
    summary: 'Tell a run something it may be waiting for',
    access: ['run.signal'],
    params,
    body: {
      schema: named(
        'SignalRun',
        z.strictObject({
          name,
          payload: json.default(null),
          correlation: z
            .string()
            .min(1)
            .max(200)
            .exactOptional()
            .describe('What it is about: a wait that asks for a correlation takes only its own.'),
        }),
      ),
      example: { name: 'parcel_returned', payload: { tracking: 'T-88' } },
    },
    responses: accepted(
      'The signal is kept until a node of the run waits for it. A name that no node ever waits for is refused.',
    ),
    problems: ['not_found', 'state_conflict', 'schema_violation'],
    idempotency: 'stored',
  }),
  reconcileRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/reconcile',
    area: 'runs',
    summary: 'Say what became of a lost call',
    description:
      'For a run in `waiting_reconciliation`: a call with a lasting effect was sent and its outcome never came back.',
    access: ['run.reconcile'],
    params,
    body: {
      schema: named(
        'ReconcileRun',
        z.strictObject({
          step: z.int().min(0),
          attempt: z
            .int()
            .min(1)
            .exactOptional()
            .describe('The attempt that was looked after, from the wait: refused when another one is lost by now.'),
          verdict: z.enum(RECONCILIATIONS),
          result: json.exactOptional().describe('With `happened`: what the call returned, if known.'),
          note: z.string().min(1).max(2000),
        }),
      ),
      example: { step: 3, attempt: 1, verdict: 'happened', result: { refund: 're_12' }, note: 'Seen in the ledger.' },
    },
    responses: accepted('The answer is kept until the run consumes it.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
};
