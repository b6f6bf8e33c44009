import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiServer, type Answer, type Caller } from '../api/server';

interface Bundle {
  readonly rules: readonly string[];
  readonly [member: string]: unknown;
}
interface Entry {
  readonly type: string;
  readonly id: string;
  readonly properties?: object;
}

/** A tenant whose policy and directory were loaded as an administrator would: through the API. */
export interface Application {
  readonly owner: Caller;
  /** A key of the application itself: it may ask, and nothing else. */
  readonly enforcer: Caller;
  ask(path: string, body: unknown, sent?: { readonly headers?: { readonly [name: string]: string } }): Promise<Answer>;
}

export async function application(server: ApiServer, bundle: Bundle, entries: readonly Entry[]): Promise<Application> {
  const owner = await server.tenant();
  await apply(server, owner, bundle);
  for (let from = 0; from < entries.length; from += 500) {
    const body = { entries: entries.slice(from, from + 500) };
    const done = await server.post('/v1/directory', { key: owner.token, body });
    expect([done.status, done.body]).toEqual([200, { changed: body.entries.length, unchanged: 0 }]);
  }
  const enforcer = await server.key(owner.tenant, {
    principal: 'service:shop',
    roles: ['enforcer'],
    scopes: ['decision.evaluate'],
  });
  const ask: Application['ask'] = (path, body, sent = {}) =>
    server.post(`/access/v1/${path}`, { key: enforcer.token, body, ...sent });
  return { owner, enforcer, ask };
}

/** The bundle beside the product's own rules, in place of whatever stood there. */
export async function apply(server: ApiServer, owner: Caller, bundle: Bundle): Promise<void> {
  const now = await server.get('/v1/policies/active', { key: owner.token });
  const { bundle: standing } = now.body as { bundle: { rules: string } };
  const own = standing.rules.split('\n').filter((line) => !/, (user|identity):|record:|todo:/.test(line));
  const policy = { bundle: { ...bundle, rules: [...own, ...bundle.rules] } };
  const headers = { 'if-match': now.headers.get('etag') ?? '' };
  const done = await server.post('/v1/config/apply', { key: owner.token, headers, body: { policy } });
  if (done.status !== 200) throw new Error(done.text);
}

export interface Vector {
  readonly request: { readonly [member: string]: unknown };
  readonly expected: unknown;
}

export const vectors = (folder: string, file: string, member = 'evaluation'): readonly Vector[] => {
  const all = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly [member: string]: readonly Vector[] };
  return all[member] ?? [];
};

/** Runs `work` over all, eight at a time. */
export async function eachOf<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  let at = 0;
  const lane = async (): Promise<void> => {
    for (let i = at++; i < all.length; i = at++) done[i] = await work(all[i]!);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return done;
}
