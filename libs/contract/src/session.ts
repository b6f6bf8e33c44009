import { z } from 'zod';
import { named, time } from './fields';
import { Me, meExample } from './keys';
import { route } from './route';

const Session = named(
  'Session',
  z.object({
    ...Me.shape,
    session: z.object({
      expires_at: time,
      csrf: z.string().describe('Goes back as `X-CSRF-Token` with every write made under the cookie.'),
    }),
  }),
);

const example = {
  ...meExample,
  session: { expires_at: '2026-11-22T21:30:00.000Z', csrf: 'pW3kq1S0mD6cB1v0m7m8yQ' },
};

export const sessionRoutes = {
  createSession: route({
    method: 'POST',
    path: '/v1/session',
    area: 'identity',
    summary: 'Log in with an API key, for browsers',
    description:
      'Sets a cookie that scripts cannot read and other sites cannot send. The session has the rights of its key and ends with it.',
    access: 'public',
    body: {
      schema: named('CreateSession', z.strictObject({ api_key: z.string().min(1).max(200) })),
      example: { api_key: 'writ_01k8x0q3wsf5z8k2m4n6p8r0t7_…' },
    },
    responses: { 201: { description: 'The session; the cookie is in `Set-Cookie`.', schema: Session, example } },
    problems: ['unauthenticated', 'key_expired', 'key_revoked', 'rate_limited'],
    idempotency: 'none',
  }),
  prove: route({
    method: 'POST',
    path: '/v1/identity/proofs',
    area: 'identity',
    summary: 'Prove anew who you are, by the secret of a key of yours',
    description:
      'For requests to people that count a yes only with a fresh proof (the obligation `step_up`). It counts for the session or key this call is made with, and for nothing else.',
    access: 'caller',
    body: {
      schema: named('Prove', z.strictObject({ api_key: z.string().min(1).max(200) })),
      example: { api_key: 'writ_01k8x0q3wsf5z8k2m4n6p8r0t7_…' },
    },
    responses: {
      200: {
        description: 'The proof is kept.',
        schema: named('Proof', z.object({ principal: z.string(), proven_at: time })),
        example: { principal: 'user:7f3a', proven_at: '2026-11-22T09:31:40.000Z' },
      },
    },
    problems: ['proof_failed', 'rate_limited'],
    idempotency: 'none',
  }),
  getSession: route({
    method: 'GET',
    path: '/v1/session',
    area: 'identity',
    summary: 'The session of this cookie',
    access: 'caller',
    responses: { 200: { description: 'The session, after a reload of the page.', schema: Session, example } },
    problems: ['not_found'],
  }),
  endSession: route({
    method: 'DELETE',
    path: '/v1/session',
    area: 'identity',
    summary: 'Log out',
    access: 'caller',
    responses: {
      200: {
        description: 'The session is over, here and everywhere; the cookie is taken back.',
        schema: named('EndedSession', z.object({ ended: z.boolean() })),
        example: { ended: true },
      },
    },
    problems: ['not_found'],
  }),
};
