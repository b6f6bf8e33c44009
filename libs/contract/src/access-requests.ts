import { z } from 'zod';
import { Action, base, context, decided, Resource, resource, Subject, subject, url } from './access';
import { id, jsonObject, named, time } from './fields';
import { route } from './route';

/*
 * AuthZEN Access Request and Approval Profile, draft 1: switched on by WRIT_AUTHZEN_DRAFTS=access-request-1. Bulk requests and
 * callbacks are left out, and denials are bound by reference (`evaluation_id`): decision point and request service are one.
 */
const stamp = z.iso.datetime({ offset: true });

const AccessRequest = named(
  'AccessRequest',
  z.object({
    subject: Subject,
    action: Action,
    resource: Resource,
    context: context
      .exactOptional()
      .describe('That of the denial; `business_justification` beside it is shown to those who decide.'),
    denial: z
      .object({
        evaluation_id: z.string().max(100).exactOptional().describe('`context.evaluation_id` of the denial.'),
        expires_at: stamp.describe('`context.access_request.expires_at` of the denial.'),
        evaluated_at: stamp.exactOptional(),
        reason: z.string().max(200).exactOptional(),
        template: z.string().max(200).exactOptional(),
      })
      .describe('What was denied.'),
    requested_access: z
      .object({
        requested_until: stamp.exactOptional().describe('Access is good until then at most.'),
        emergency: z.boolean().exactOptional().describe('Shown to those who decide; changes nothing else.'),
      })
      .exactOptional(),
    client: jsonObject.exactOptional().describe('Not believed, and not kept.'),
  }),
);

const TASK_STATUS = ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const;

const AccessTask = named(
  'AccessTask',
  z.object({
    task: z.object({
      id: id('approval'),
      status: z
        .enum(TASK_STATUS)
        .describe('`cancelled` also where what was granted was revoked, or what it rested on changed.'),
      status_endpoint: url,
      expires_at: time.exactOptional().describe('Of a pending one: unanswered by then it is expired.'),
      links: z.object({ cancel: url }).exactOptional(),
      progress: z.object({ current_step: z.int(), total_steps: z.int() }).exactOptional(),
      display: z.object({ title: z.string(), description: z.string() }),
    }),
    result: z
      .object({
        mode: z.literal('reevaluate'),
        approval: z.object({ id: id('approval'), approved_at: time, approved_until: time }),
      })
      .exactOptional()
      .describe('Of an approved one: `approval` goes, as it is, into `context.approval` of the next evaluation.'),
  }),
);

const asksPeople = { area: 'access', access: ['decision.evaluate'] } as const;
const accessParams = z.strictObject({ id: z.string().max(100) });
const task = {
  id: 'apr_01k8x0q3wsf5z8k2m4n6p8r0t7',
  status: 'pending',
  status_endpoint: `${base}/access/v1/requests/apr_01k8x0q3wsf5z8k2m4n6p8r0t7`,
  expires_at: '2026-11-24T10:16:00.000Z',
  links: { cancel: `${base}/access/v1/requests/apr_01k8x0q3wsf5z8k2m4n6p8r0t7/cancel` },
  display: { title: 'Access was asked for', description: 'People are asked; nobody has answered yet.' },
} as const;

export const accessRequestRoutes = {
  requestAccess: route({
    ...asksPeople,
    method: 'POST',
    path: '/access/v1/requests',
    ignoresUnknown: true,
    summary: 'Ask people for access that was denied and can be asked for',
    description:
      'AuthZEN access request (draft 1), behind WRIT_AUTHZEN_DRAFTS. The request is one to people, as any other; the same denial asks once. A yes is no access: evaluate again with it.',
    body: {
      schema: AccessRequest,
      example: {
        subject,
        action: { name: 'pay' },
        resource,
        context: { business_justification: 'The customer is on the phone.' },
        denial: { evaluation_id: decided.evaluation_id, expires_at: '2026-11-23T10:25:30.000Z' },
      },
    },
    responses: { 202: { description: 'People are asked.', schema: AccessTask, example: { task } } },
    problems: ['not_found', 'not_requestable', 'expired_denial', 'invalid_denial_binding', 'duplicate_request'],
    idempotency: 'none',
  }),
  getAccessRequest: route({
    ...asksPeople,
    method: 'GET',
    path: '/access/v1/requests/{id}',
    summary: 'How a request for access stands',
    params: accessParams,
    responses: {
      200: {
        description: 'The task, and what came of it.',
        schema: AccessTask,
        example: {
          task: { ...task, status: 'approved' },
          result: {
            mode: 'reevaluate',
            approval: {
              id: task.id,
              approved_at: '2026-11-23T10:42:00.000Z',
              approved_until: '2026-11-23T11:42:00.000Z',
            },
          },
        },
      },
    },
    problems: ['not_found', 'unknown_task'],
  }),
  cancelAccessRequest: route({
    ...asksPeople,
    method: 'POST',
    path: '/access/v1/requests/{id}/cancel',
    summary: 'Take back a request for access that nobody has answered',
    params: accessParams,
    responses: {
      200: {
        description: 'The task, over.',
        schema: AccessTask,
        example: { task: { ...task, status: 'cancelled' } },
      },
    },
    problems: ['not_found', 'unknown_task', 'invalid_task_state'],
    idempotency: 'none',
  }),
};
