import { z } from 'zod';
import { id, json, jsonObject, named, page, pageQuery, time } from './fields';
import { route } from './route';

const Question = named(
  'Question',
  z
    .object({
      id: id('input'),
      run: id('run'),
      workflow: z.string(),
      path: z.string().describe('Node of the workflow that waits; empty for the root.'),
      question: z.string(),
      schema: jsonObject.describe('JSON schema the answer must fit.'),
      role: z.string().nullable().describe('Who is asked; null for all whom the policy lets answer.'),
      status: z.enum(['pending', 'answered', 'withdrawn']),
      may_answer: z.boolean().describe('Whether you may.'),
      asked_at: time,
      expires_at: time.nullable(),
      answer: json.nullable(),
      answered_by: z.string().nullable(),
      ended_at: time.nullable(),
    })
    .describe('A question a workflow puts to people; the answer is the output of its node.'),
);

const example = {
  id: 'inp_01k8x0q3wsf5z8k2m4n6p8r0t8',
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  workflow: 'refund_order',
  path: 'confirm',
  question: 'Which card did the customer pay with?',
  schema: { type: 'object', properties: { last_four: { type: 'string' } }, required: ['last_four'] },
  role: 'support',
  status: 'pending',
  may_answer: true,
  asked_at: '2026-11-22T09:30:01.120Z',
  expires_at: null,
  answer: null,
  answered_by: null,
  ended_at: null,
} as const;

const params = z.strictObject({ id: id('input') });
const accepted = (description: string) => ({
  202: { description, schema: named('Taken', z.object({ accepted: z.boolean() })), example: { accepted: true } },
});

export const questionRoutes = {
  listQuestions: route({
    method: 'GET',
    path: '/v1/questions',
    area: 'questions',
    summary: 'List what workflows ask people, oldest first',
    access: ['run.read'],
    query: z.strictObject({
      ...pageQuery,
      state: z.enum(['open', 'all']).default('open'),
      run: id('run').exactOptional(),
    }),
    responses: {
      200: {
        description: 'A page of questions.',
        schema: page('QuestionPage', Question),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  getQuestion: route({
    method: 'GET',
    path: '/v1/questions/{id}',
    area: 'questions',
    summary: 'Read one question',
    access: ['run.read'],
    params,
    responses: { 200: { description: 'The question as it stands.', schema: Question, example } },
    problems: ['not_found'],
    etag: 'content',
  }),
  answerQuestion: route({
    method: 'POST',
    path: '/v1/questions/{id}/answer',
    area: 'questions',
    summary: 'Answer a question',
    description: 'The answer must fit the question’s schema; the first one counts, and becomes the output of the node.',
    access: ['run.answer'],
    params,
    body: {
      schema: named('AnswerQuestion', z.strictObject({ answer: json })),
      example: { answer: { last_four: '4242' } },
    },
    responses: accepted('The answer is kept until the run consumes it; false when the same was said before.'),
    problems: ['not_found', 'state_conflict', 'not_eligible', 'schema_violation', 'stop_active'],
    idempotency: 'stored',
  }),
  noteRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/note',
    area: 'runs',
    summary: 'Tell the agents of a run something',
    description:
      'They see it with their next turn, as from an operator. It gives no right: whatever they make of it is decided like anything else.',
    access: ['run.steer'],
    params: z.strictObject({ id: id('run') }),
    body: {
      schema: named('NoteRun', z.strictObject({ text: z.string().min(1).max(4000) })),
      example: { text: 'The customer called: the parcel has arrived, do not refund.' },
    },
    responses: accepted('The note is kept until the run consumes it.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
};
