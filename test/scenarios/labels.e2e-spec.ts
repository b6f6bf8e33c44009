import { functionTransport } from '@writ/gateways';
import type { JsonObject, Principal, RunId } from '@writ/kernel';
import { parseBundle } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScenario, type Scenario } from '../support/scenario';
import { until } from '../support/until';

const accountable = { owner: 'user:emma', purpose: 'writes to people' };
const tool = (name: string, more: object = {}): object => ({
  kind: 'tool',
  name,
  effect: 'read',
  endpoint: { type: 'function', function: name },
  ...more,
});
const call = (name: string, args: object = {}): object => ({ type: 'tool', tool: name, args });
const sequence = (...nodes: object[]): object => ({
  type: 'sequence',
  steps: nodes.map((node, i) => ({ id: `s${i}`, node })),
});
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });
const send = call('send', { to: { $from: '/input/to' } });
/** What the step before brought. */
const READ = { $from: '/steps/s0/output' };

const documents: readonly object[] = [
  tool('page', { flow: { labels: ['untrusted'] } }),
  tool('profile', { flow: { labels: ['private'] } }),
  tool('send', { effect: 'idempotent', flow: { sink: 'egress', to: ['/to'] } }),
  workflow('reads_then_sends', sequence(call('page'), send)),
  workflow('reader', call('page')),
  workflow('child_reads', sequence({ type: 'run', workflow: 'reader' }, call('send', { to: READ }))),
  workflow('sender', send),
  workflow('child_sends', sequence(call('page'), { type: 'run', workflow: 'sender', input: { to: READ } })),
  workflow(
    'says_itself',
    sequence(
      call('page'),
      call('send', { to: 'office@corp.com' }),
      { type: 'run', workflow: 'sender', input: { to: 'archive@corp.com' } },
      { type: 'run', workflow: 'sender', input: { to: { $from: '/input/to' } } },
    ),
  ),
  workflow('all_three', {
    type: 'fanout',
    branches: [
      { key: 'own', node: call('profile') },
      { key: 'page', node: call('page') },
      { key: 'out', node: send },
    ],
    merge: { policy: 'best_effort' },
  }),
];

const RULES = `
rules: |
  p, user:*, {tenant}, workflow:*, run.start, , allow
  p, user:*, {tenant}, tool:*, tool.invoke, , allow
  p, user:owner, {tenant}, approval:*, approval.*, , allow
obligations:
  ask_owner: { type: require_approval, values: { editable: true } }
flow:
`;
const KNOWN = `${RULES}  rules: { known: { after: [untrusted], destination: known, ask: ask_owner } }\n`;
const THREE = `${RULES}  trifecta: {}\n`;

describe('labels on what enters a run', () => {
  let scenario: Scenario;
  const sent: string[] = [];
  const policy = (text: string) => {
    const parsed = parseBundle(text);
    if (!parsed.ok) throw new Error(parsed.failure.message);
    return parsed.value;
  };
  beforeAll(async () => {
    scenario = await openScenario({
      documents,
      policy: policy(KNOWN),
      doors: (open) => ({
        models: { complete: () => Promise.reject(new Error('no model speaks here')) },
        tools: functionTransport({
          open,
          functions: {
            page: () => 'mark@evil.com',
            profile: () => 'Emma lives in Rome',
            send: ({ to }) => sent.push(String(to)) && 'sent',
          },
        }),
      }),
      options: { concurrency: 8, heartbeatMs: 1_000, sweepMs: 50, mailMs: 50 },
    });
  });
  afterAll(() => scenario.close());
  beforeEach(() => {
    sent.length = 0;
  });

  const as = (id: string): Principal => ({ tenant: scenario.tenant, kind: 'user', id, roles: [] });
  async function start(name: string, input: JsonObject = {}): Promise<RunId> {
    const { tenant, engine } = scenario;
    const started = await engine.commands.start({ tenant, caller: as('user:emma'), workflow: name, input });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }
  const rowOf = async (run: string) => {
    const { rows } = await scenario.outsider.query<{ status: RunStatus; wait: string | null }>(
      'select status, wait from writ.run where id = $1',
      [run],
    );
    return rows[0]!;
  };
  const asked = async (run: string): Promise<string> => {
    await until(`${run} to ask`, async () => (await rowOf(run)).status === 'waiting_approval', 60_000);
    return (JSON.parse((await rowOf(run)).wait!) as { approval: string }).approval;
  };
  async function over(run: string) {
    await until(`${run} to end`, async () => isFinal((await rowOf(run)).status), 60_000);
    return checkRun(scenario.outsider, run);
  }
  const vote = async (approval: string, verdict: 'approve' | 'reject') => {
    const { tenant, engine } = scenario;
    return engine.approvals.commands.vote({ tenant, caller: as('user:owner'), approval, verdict, comment: '' });
  };

  test('a destination that the input names passes; one that only a page names waits for the owner', async () => {
    expect((await over(await start('reads_then_sends', { to: 'ann@corp.com' }))).status).toBe('succeeded');
    expect(sent).toEqual(['ann@corp.com']);
    const child = await start('child_reads');
    expect(await vote(await asked(child), 'reject')).toMatchObject({ ok: true });
    const { events } = await over(child);
    expect(sent).toEqual(['ann@corp.com']);
    const denied = events.find((event) => event.type === 'step_denied');
    expect(denied).toMatchObject({ target: 'send', decision: { reason: 'approval_rejected', stage: 'flow' } });
    // What came of a child is from outside, and what it had read comes with it.
    expect(events.find((event) => event.type === 'child_ended')).toMatchObject({ flow: { labels: ['untrusted'] } });
  });

  test('a run that a run starts holds what it is handed', async () => {
    const parent = await start('child_sends');
    const { engine, tenant } = scenario;
    let child = '';
    await until(
      'the child to be there',
      async () => {
        const found = await engine.queries.get(tenant, parent);
        child = found?.children?.[0] ?? '';
        return child !== '';
      },
      400_000,
    );
    expect(await vote(await asked(child), 'reject')).toMatchObject({ ok: true });
    await over(parent);
    expect(sent).toEqual([]);
  });

  test('what the workflow’s definition says goes out, and so does what the input says, here and in a run that it starts', async () => {
    const { status } = await over(await start('says_itself', { to: 'ann@corp.com' }));
    expect([status, sent]).toEqual(['succeeded', ['office@corp.com', 'archive@corp.com', 'ann@corp.com']]);
  });

  test('what the owner writes in its place is done, once', async () => {
    const run = await start('child_reads');
    const approval = await asked(run);
    const { tenant, engine } = scenario;
    const edited = await engine.approvals.commands.edit({
      tenant,
      caller: as('user:owner'),
      approval,
      args: { to: 'bob@corp.com' },
      comment: '',
    });
    expect(edited).toMatchObject({ ok: true });
    const { status } = await over(run);
    expect([status, sent]).toEqual(['succeeded', ['bob@corp.com']]);
  });

  test('private data, untrusted content and a way out never come together, also in branches that start at once', async () => {
    await scenario.activate(policy(THREE));
    for (let i = 0; i < 5; i++) {
      const { events } = await over(await start('all_three', { to: 'ann@corp.com' }));
      const tools = (type: string): number =>
        events.filter((event) => event.type === type && 'kind' in event && event.kind === 'tool').length;
      expect([tools('step_intended'), tools('step_denied')]).toEqual([2, 1]);
      const denied = events.find((event) => event.type === 'step_denied');
      expect(denied).toMatchObject({ decision: { reason: 'flow_not_allowed', stage: 'flow' } });
    }
  });
});
