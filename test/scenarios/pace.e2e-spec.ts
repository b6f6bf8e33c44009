import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Engine, openEngine } from '@writ/engine';
import { functionTransport, openAiProvider } from '@writ/gateways';
import type { OpenPermit, PolicyBundle } from '@writ/policy';
import { checkRun } from '../support/check-run';
import { startMany, unfinished } from '../support/fleet';
import { openScenario, type Scenario } from '../support/scenario';
import { until } from '../support/until';

const ANSWER_MS = 60;
const OPTIONS = { concurrency: 16, heartbeatMs: 200, sweepMs: 100, mailMs: 100 };

/** An endpoint of models that counts who calls it at once, and refuses or fails as often as it is told to. */
class Endpoint {
  under = 0;
  most = 0;
  readonly arrivals: number[] = [];
  readonly #waiting: (() => void)[] = [];
  #enough = 0;
  refuse: { left: number; readonly status: number; readonly retryAfter?: string } = { left: 0, status: 429 };

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      request.resume();
      this.arrivals.push(Date.now());
      if (this.refuse.left > 0) {
        this.refuse.left -= 1;
        const { status, retryAfter } = this.refuse;
        response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('{}');
        return;
      }
      this.under += 1;
      this.most = Math.max(this.most, this.under);
      const answer = (): void => {
        this.under -= 1;
        const message = { role: 'assistant', content: 'Good day.' };
        const usage = { prompt_tokens: 1, completion_tokens: 1 };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ model: 'm', choices: [{ message, finish_reason: 'stop' }], usage }));
      };
      if (this.under >= this.#enough) this.#enough = 0;
      this.#waiting.push(answer);
      if (this.#enough === 0) setTimeout(() => this.#answerAll(), ANSWER_MS);
    });
  }

  static async open(): Promise<Endpoint> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Endpoint(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Answers nobody until so many ask at once. */
  until(under: number): void {
    this.#enough = under;
  }

  /** Answers nobody, and then everybody. */
  hold(): () => void {
    this.#enough = Infinity;
    return () => {
      this.#enough = 0;
      this.#answerAll();
    };
  }

  #answerAll(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  forget(): void {
    this.most = 0;
    this.arrivals.length = 0;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

const accountable = { owner: 'reliability', purpose: 'a model that is asked at a pace' };
const asking = (name: string, limits?: object): object[] => [
  {
    kind: 'model',
    name,
    model: name,
    base_url_env: 'PACE_URL',
    api_key_env: null,
    max_attempts: 10,
    ...(limits && { limits }),
  },
  { kind: 'agent', name, ...accountable, model: name, instructions: 'Say good day.', tools: [] },
  { kind: 'workflow', name: `ask_${name}`, ...accountable, root: { type: 'agent', agent: name } },
];
const policy: PolicyBundle = {
  rules: [
    'p, user:caller, {tenant}, workflow:*, run.start, , allow',
    'p, user:caller, {tenant}, model:*, model.invoke, , allow',
    'p, agent:*, {tenant}, model:*, model.invoke, , allow',
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

describe('two workers and one endpoint', () => {
  let endpoint: Endpoint;
  let scenario: Scenario;
  let other: Engine;
  const doors = (open: OpenPermit) => ({
    models: openAiProvider({ open, env: process.env }),
    tools: functionTransport({ open, functions: {} }),
  });

  beforeAll(async () => {
    endpoint = await Endpoint.open();
    process.env['PACE_URL'] = endpoint.url;
    const documents = [
      ...asking('three', { concurrency: 3 }),
      ...asking('even', { requests_per_minute: 600 }),
      ...asking('free'),
      ...asking('many', { concurrency: 4 }),
    ];
    scenario = await openScenario({ documents, policy, doors, options: OPTIONS });
    const { db, writer } = scenario;
    other = openEngine({ db, writer, doors, options: OPTIONS, build: 'another' });
    await other.start();
  });
  afterAll(async () => {
    await other.close(5_000);
    await scenario.close();
    await endpoint.close();
  });
  beforeEach(() => endpoint.forget());

  const play = async (workflow: string, count: number): Promise<void> => {
    const runs = await startMany(scenario, count, { tenant: scenario.tenant, workflow, abreast: count });
    await until('every run to end', async () => (await unfinished(scenario.outsider)) === 0);
    for (const run of runs) expect((await checkRun(scenario.outsider, run)).status).toBe('succeeded');
  };

  it('[I12] never have more calls under way than the endpoint takes, and as many as it takes', async () => {
    endpoint.until(3);
    await play('ask_three', 30);
    expect(endpoint.arrivals).toHaveLength(30);
    expect(endpoint.most).toBe(3);
  });

  it('call it no faster than it wants to be called', async () => {
    // Before the first could go: how long each takes from its turn to the endpoint is the machine's affair.
    const from = Date.now();
    await play('ask_even', 25);
    // Ten a second, and a second ahead of that: eleven at once.
    for (const [i, at] of endpoint.arrivals.entries()) expect(at - from).toBeGreaterThanOrEqual((i - 11) * 100 - 60);
    expect(endpoint.arrivals).toHaveLength(25);
  });

  it('both leave it alone for as long as it asks one of them to, and lose no run and no attempt by it', async () => {
    endpoint.refuse = { left: 1, status: 429, retryAfter: '1' };
    const answer = endpoint.hold();
    const playing = play('ask_many', 24);
    let pausedUntil = Infinity;
    await until('the refusal to be known to all', async () => {
      const { rows } = await scenario.outsider.query<{ at: Date | null }>(
        `select paused_until as at from writ.provider where name = 'many'`,
      );
      pausedUntil = rows[0]?.at?.getTime() ?? Infinity;
      return pausedUntil < Infinity;
    });
    answer();
    await playing;
    // Those that had been let through when the refusal came were on their way; everybody else waited.
    expect(endpoint.arrivals.filter((at) => at < pausedUntil).length).toBeLessThanOrEqual(4);
    expect(endpoint.arrivals).toHaveLength(25);
  });

  it('stop calling it once it has failed five times in a row, and go on when it is well again', async () => {
    endpoint.refuse = { left: 7, status: 503 };
    await play('ask_many', 6);
    const { rows } = await scenario.outsider.query<{ failures: number; open_until: Date | null }>(
      `select failures, open_until from writ.provider where name = 'many'`,
    );
    expect(rows).toEqual([{ failures: 0, open_until: null }]);
    // Seven failures of which the last two were probes, one at a time, a second and two after the one before.
    expect(endpoint.arrivals.at(-1)! - endpoint.arrivals[0]!).toBeGreaterThan(900);
  });

  it('make no statement about one that has no limits and is well', async () => {
    await play('ask_free', 10);
    const { rows } = await scenario.outsider.query(`select from writ.provider where name = 'free'`);
    expect(rows).toEqual([]);
  });
});
