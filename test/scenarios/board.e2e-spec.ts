import type { RunEvent } from '@writ/engine';
import type { PolicyBundle } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScriptedScenario, SCRIPTED, type ScriptedScenario } from '../support/scripted-scenario';
import { until } from '../support/until';

const accountable = { owner: 'tests', purpose: 'shares with others' };
const agent = (name: string): object => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'scripted',
  instructions: `You are ${name}.`,
});
const key = (more: object = {}): object => ({ readers: ['reader', 'writer'], writers: ['reader', 'writer'], ...more });
const documents: readonly object[] = [
  { kind: 'model', name: 'scripted', ...SCRIPTED },
  agent('reader'),
  agent('writer'),
  {
    kind: 'workflow',
    name: 'shares',
    ...accountable,
    blackboard: { web: key({ labels: ['untrusted'], initial: 'from a page' }), orders: key(), notes: key() },
    mailboxes: { reader: { from: ['writer'], capacity: 2 } },
    root: {
      type: 'fanout',
      branches: [
        { key: 'one', node: { type: 'agent', agent: 'reader' } },
        { key: 'two', node: { type: 'agent', agent: 'writer' } },
      ],
      merge: { policy: 'all' },
    },
  },
];
const policy: PolicyBundle = {
  rules: [
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, *, {tenant}, model:*, model.invoke, , allow',
    'p, *, {tenant}, board:*, board.*, , allow',
    'p, *, {tenant}, mailbox:*, message.*, , allow',
    'p, agent:*, {tenant}, board:orders, board.write, tainted, deny',
  ].join('\n'),
  conditions: { tainted: { contains: ['args./labels', { value: 'untrusted' }] } },
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

const call = (name: string, args: object = {}): object => ({ calls: [{ name, arguments: args }] });
const text = (said: string): object => ({ text: said });

describe('what agents of one run share', () => {
  let scenario: ScriptedScenario;
  beforeAll(async () => {
    scenario = await openScriptedScenario({
      documents,
      policy,
      options: { concurrency: 8, heartbeatMs: 500, sweepMs: 100, mailMs: 50 },
    });
  });
  afterAll(async () => {
    await scenario?.close();
  });

  async function play(
    turns: { readonly reader: readonly object[]; readonly writer: readonly object[] },
    seen: (status: RunStatus) => void = () => undefined,
  ) {
    const id = `b${Math.random().toString(36).slice(2, 8)}`;
    const agents = Object.entries(turns).map(([name, own]) => ({
      instructions: `You are ${name}.`,
      turns: own as never,
    }));
    scenario.model.play({ [id]: { agents, final: 'done' } });
    const { tenant, caller, engine, outsider } = scenario;
    const started = await engine.commands.start({
      tenant,
      caller,
      workflow: 'shares',
      input: { message: `script:${id}` },
    });
    if (!started.ok) throw new Error(started.failure.message);
    await until('the run to end', async () => {
      const { rows } = await outsider.query<{ status: RunStatus }>(`select status from writ.run where id = $1`, [
        started.value.run,
      ]);
      const status = rows[0]?.status ?? 'queued';
      seen(status);
      return isFinal(status);
    });
    return { id, ...(await checkRun(outsider, started.value.run)) };
  }
  const codes = (events: readonly RunEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'step_denied' ? [`${event.target} ${event.decision.reason}`] : []));
  /** What an agent heard as the answer to its n-th call. */
  const heard = (id: string, name: string, n: number): string => {
    const asked = scenario.model
      .journal(id)
      .filter(({ messages }) => JSON.stringify(messages[0]).includes(`You are ${name}.`));
    return (asked[n + 1]?.messages.at(-1) as { content: string }).content;
  };

  test('carries its labels: a rule keeps what came from outside away from a key, whoever brings it', async () => {
    const write = (to: string): object => call('board_write', { key: to, value: 'x', expect: 0 });
    const { status, events } = await play({
      reader: [call('board_read', { key: 'web' }), write('orders'), write('notes'), text('read')],
      writer: [write('orders'), text('wrote')],
    });
    expect(status).toBe('succeeded');
    expect(codes(events)).toEqual(['orders forbidden_by_rule']);
    const writes = events.flatMap((event) =>
      event.type === 'step_intended' && event.args?.['op'] === 'write' ? [`${event.agent} ${event.target}`] : [],
    );
    expect(writes.sort()).toEqual(['reader notes', 'writer orders']);
  });

  test('[I8] is waited for without anybody leading the run, until the time is over', async () => {
    const statuses = new Set<RunStatus>();
    const { id, events } = await play(
      { reader: [call('read_messages', { wait_seconds: 2 }), text('nobody wrote')], writer: [text('nothing to say')] },
      (status) => void statuses.add(status),
    );
    expect(statuses).toContain('waiting_external');
    expect(events.filter((event) => event.type === 'wait_started')).toHaveLength(1);
    expect(JSON.parse(heard(id, 'reader', 0))).toEqual({ messages: [], left: 0 });
  });

  test('is heard by its reader with its sender, and a full mailbox is an error turn of the sender', async () => {
    const send = (body: string): object => call('send_message', { to: 'reader', body });
    const { id } = await play({
      reader: [call('read_messages', { wait_seconds: 20 }), text('heard')],
      writer: [send('first'), text('sent')],
    });
    expect(JSON.parse(heard(id, 'reader', 0))).toMatchObject({
      messages: [{ from: 'writer', body: 'first' }],
      left: 0,
    });
    const full = await play({
      reader: [text('never looks')],
      writer: [send('1'), send('2'), send('3'), text('sent')],
    });
    expect(heard(full.id, 'writer', 2)).toContain('mailbox_full');
  });
});
