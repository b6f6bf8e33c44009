import { z } from 'zod';
import { jsonObject, named } from './fields';
import { route } from './route';

const Readiness = named(
  'Readiness',
  z.object({
    status: z.enum(['ready', 'not_ready']),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })).readonly(),
  }),
);

export const systemRoutes = {
  getHealth: route({
    method: 'GET',
    path: '/health',
    area: 'system',
    summary: 'Whether the process is up',
    access: 'public',
    responses: {
      200: {
        description: 'The process answers.',
        schema: named('Health', z.object({ status: z.literal('up'), version: z.string() })),
        example: { status: 'up', version: '0.1.0' },
      },
    },
    problems: [],
  }),
  getReadiness: route({
    method: 'GET',
    path: '/ready',
    area: 'system',
    summary: 'Whether requests and runs will get on: database, schema, a live worker',
    access: 'public',
    responses: {
      200: {
        description: 'Everything needed is there.',
        schema: Readiness,
        example: { status: 'ready', checks: [{ name: 'database', ok: true, detail: 'reachable' }] },
      },
      503: {
        description: 'Something needed is missing; `checks` says what.',
        schema: Readiness,
        example: { status: 'not_ready', checks: [{ name: 'worker', ok: false, detail: 'no heartbeat in 10 s' }] },
      },
    },
    problems: [],
  }),
  getOpenApi: route({
    method: 'GET',
    path: '/openapi.json',
    area: 'system',
    summary: 'This document',
    access: 'public',
    responses: {
      200: { description: 'OpenAPI 3.1.', schema: jsonObject, example: { openapi: '3.1.0' } },
    },
    problems: [],
    etag: 'content',
  }),
  getProblem: route({
    method: 'GET',
    path: '/problems/{code}',
    area: 'system',
    summary: 'What a problem code means and what to do about it',
    access: 'public',
    params: z.strictObject({ code: z.string().regex(/^[a-z_]{1,64}$/, 'a problem code') }),
    responses: {
      200: {
        description: 'The code, explained.',
        schema: named(
          'ProblemPage',
          z.object({
            code: z.string(),
            status: z.int(),
            title: z.string(),
            retryable: z.boolean(),
            meaning: z.string(),
          }),
        ),
        example: {
          code: 'cursor_mismatch',
          status: 400,
          title: 'The cursor belongs to another filter',
          retryable: false,
          meaning: 'A cursor continues one list with one filter.',
        },
      },
    },
    problems: ['not_found'],
    etag: 'content',
  }),
};
