import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { ApiServer } from '../api/server';
import { describeWithData } from '../support/with-data';
import { GATEWAY, SEARCH, TASKS, TASK_USERS } from './policies';
import { application, type Application, eachOf, type Vector, vectors } from './world';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.open();
});
afterAll(() => server.close());

interface Entity {
  readonly id: string | number;
  readonly [property: string]: unknown;
}

describeWithData('the vectors of the AuthZEN working group', 'authzen', (folder) => {
  const schema = (name: string): ValidateFunction =>
    new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(join(folder, 'schemas', `evaluation-${name}.schema.json`), 'utf8')) as object,
    );
  const fits = { request: schema('request'), response: schema('response') };

  /** What one endpoint answers to each request, beside what it should; every question and answer fits its schema. */
  async function decided(app: Application, all: readonly Vector[]): Promise<void> {
    const got = await eachOf(all, async ({ request }) => {
      expect(fits.request(request)).toBe(true);
      const answer = await app.ask('evaluation', request);
      expect([answer.status, fits.response(answer.body)]).toEqual([200, true]);
      return { request, decision: answer.body['decision'] };
    });
    expect(got).toEqual(all.map(({ request, expected }) => ({ request, decision: expected })));
  }

  it('todo: 80 decisions and 3 batches', async () => {
    const app = await application(
      server,
      TASKS,
      TASK_USERS.map((user) => ({ type: 'user', ...user })),
    );
    const files = ['01', '02'].map((draft) => `todo/decisions-authorization-api-1_0-${draft}.json`);
    const single = files.flatMap((file) => vectors(folder, file));
    const batches = files.flatMap((file) => vectors(folder, file, 'evaluations'));
    expect([single.length, batches.length]).toEqual([80, 3]);
    await decided(app, single);
    for (const { request, expected } of batches) {
      const { status, body } = await app.ask('evaluations', request);
      const answers = body['evaluations'] as readonly { readonly decision: boolean }[];
      for (const one of answers) expect(fits.response(one)).toBe(true);
      expect([status, answers.map(({ decision }) => ({ decision }))]).toEqual([200, expected]);
    }
  });

  it('gateway: 25 decisions', async () => {
    const identities = TASK_USERS.map(({ id, properties: { role } }) => ({
      type: 'identity',
      id,
      properties: { role },
    }));
    const app = await application(server, GATEWAY, identities);
    const all = vectors(folder, 'gateway/decisions.json');
    expect(all.length).toBe(25);
    await decided(app, all);
  });

  it('search: 198 results, by pages of any length', async () => {
    const read = (file: string): readonly Entity[] =>
      JSON.parse(readFileSync(join(folder, 'search', file), 'utf8')) as readonly Entity[];
    const entries = [
      ...read('users.json').map(({ id, ...properties }) => ({ type: 'user', id: String(id), properties })),
      ...read('records.json').map(({ id, ...properties }) => ({ type: 'record', id: String(id), properties })),
    ];
    const app = await application(server, SEARCH, entries);
    let met = 0;
    for (const wanted of ['subject', 'resource', 'action']) {
      const all = vectors(folder, `search/${wanted}-results.json`);
      await eachOf(all, async ({ request, expected }) => {
        const limit = 1 + (met % 7);
        const results: unknown[] = [];
        for (let token = ''; ;) {
          const page = { limit, ...(token !== '' && { token }) };
          const { status, body } = await app.ask(`search/${wanted}`, { ...request, page });
          expect(status).toBe(200);
          const given = body['page'] as { next_token: string; count: number };
          results.push(...(body['results'] as unknown[]));
          expect(given.count).toBeLessThanOrEqual(limit);
          token = given.next_token;
          if (token === '') break;
        }
        expect({ request, results }).toEqual({ request, results: (expected as { results: unknown }).results });
        met += 1;
      });
    }
    expect(met).toBe(198);
  });
});
