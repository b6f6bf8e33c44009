import { type ScriptedModel, startScriptedModel } from '@writ/gateways';
import type { RunId } from '@writ/kernel';
import { type PolicyBundle, revokeDelegation } from '@writ/policy';
import { checkRun } from '../support/check-run';
import { payOrNote } from '../support/crash-documents';
import {
  type Child,
  effectsOf,
  endLease,
  frozen,
  shortenLeases,
  startCounter,
  startWorkerProcess,
  until,
} from '../support/crash-world';
import { openScenario, type Scenario } from '../support/scenario';

const agent = (name: string, more: object): object => ({
  kind: 'agent',
  name,
  owner: 'reliability',
  purpose: 'works for another while its worker is frozen',
  model: 'scripted',
  instructions: `You are ${name}.`,
  ...more,
});
const documents: readonly unknown[] = [
  ...payOrNote,
  { kind: 'model', name: 'scripted', model: 'scripted', api_key_env: null, base_url_env: 'REVOKED_MODEL_URL' },
  agent('lead', { consults: ['payer'] }),
  agent('payer', { tools: ['pay'] }),
  {
    kind: 'workflow',
    name: 'asks',
    owner: 'reliability',
    purpose: 'asks another agent to pay',
    root: { type: 'agent', agent: 'lead' },
  },
];
const policy: PolicyBundle = {
  rules: [
    'p, user:caller, {tenant}, workflow:*, run.start, , allow',
    'p, *, {tenant}, model:*, model.invoke, , allow',
    'p, *, {tenant}, tool:*, tool.invoke, , allow',
    'p, user:caller, {tenant}, agent:*, delegate, , allow',
    'p2, *, *, {tenant}, *, attenuate, , allow',
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};
const scripts = {
  asks: {
    turns: [{ calls: [{ name: 'ask_payer', arguments: { task: 'script:pays' } }] }, { text: 'nothing was paid' }],
  },
  pays: { turns: [{ calls: [{ name: 'pay', arguments: {} }] }, { text: 'never said' }] },
};
/** The lead's turn, its question, the payer's turn, and then the payment. */
const PAYMENT = 4;

describe('a worker process frozen with what it decided, while the delegation it decided by is taken back', () => {
  let scenario: Scenario;
  let model: ScriptedModel;
  let counter: Child;

  beforeAll(async () => {
    model = await startScriptedModel({ scripts: scripts as never, journal: 0 });
    process.env['REVOKED_MODEL_URL'] = model.url;
    scenario = await openScenario({ documents, policy });
    counter = await startCounter();
  });
  afterAll(async () => {
    await counter.kill('SIGKILL');
    await scenario.close();
    await model.close();
  });

  const worker = (fault = true): Promise<Child> =>
    startWorkerProcess({
      url: scenario.ownerUrl,
      counter: counter.ready,
      ...(fault && { fault: { point: 'before_intent', step: PAYMENT, signal: 'SIGSTOP' } }),
    });

  async function start(name: string): Promise<RunId> {
    const { tenant, caller, engine } = scenario;
    const input = name === 'asks' ? { message: 'script:asks' } : {};
    const started = await engine.commands.start({ tenant, caller, workflow: name, input });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }

  /** Takes back what the lead gave the payer; answers how long the run's journal was when that committed. */
  async function revoke(run: RunId): Promise<number> {
    const { tenant, db, engine } = scenario;
    const found = await engine.queries.delegations(tenant, run, Date.now());
    const [one] = found?.made ?? [];
    return db.withTenant(tenant, async (tx) => {
      await revokeDelegation(tx, { tenant, run, delegation: one!.id, reason: 'a drill', author: 'user:operator' });
      const [row] = await tx.query<{ next_seq: number }>(
        'SELECT next_seq FROM writ.run WHERE tenant = $1 AND id = $2',
        [tenant, run],
      );
      return Number(row!.next_seq);
    });
  }

  const rowOf = async (run: RunId) =>
    (
      await scenario.outsider.query<{ finished_at: Date | null; next_seq: number }>(
        'select finished_at, next_seq from writ.run where id = $1',
        [run],
      )
    ).rows[0]!;
  const ended = (run: RunId) => until(`run ${run} to end`, async () => (await rowOf(run)).finished_at !== null);

  async function nothingCameOfIt(run: RunId, from: number): Promise<void> {
    const { events, status } = await checkRun(scenario.outsider, run);
    expect(status).toBe('succeeded');
    const after = events.slice(from);
    expect(after.filter((one) => one.type === 'step_intended' && one.agent === 'payer')).toEqual([]);
    // What the frozen worker had heard of its model was on its way with the act it had decided: another hears it anew.
    const denied = after.flatMap((one) => (one.type === 'step_denied' ? [one] : []));
    expect(denied.length).toBeGreaterThan(0);
    for (const one of denied) {
      expect(one).toMatchObject({ agent: 'payer', decision: { reason: 'delegation_revoked', stage: 'delegation' } });
    }
    expect((await effectsOf(counter.ready))[`${run}.${PAYMENT}`]).toBeUndefined();
  }

  it('[I3] [I6] thawed while the run is still its own, it can neither commit nor send: it decides anew', async () => {
    const alone = await worker();
    const run = await start('asks');
    await frozen(alone);
    const from = await revoke(run);
    await alone.kill('SIGCONT');
    await ended(run);
    await nothingCameOfIt(run, from);
    await alone.kill('SIGKILL');
  });

  it('[I1] [I3] [I6] thawed after another worker took the run over, it writes nothing and sends nothing', async () => {
    // A lease must outlive any permit (two seconds): then whoever lost one can open nothing with the other.
    await shortenLeases(scenario.ownerUrl, 3);
    const late = await worker();
    const run = await start('asks');
    await frozen(late);
    const from = await revoke(run);
    await endLease(scenario.outsider, late);
    const other = await worker(false);
    await ended(run);
    await nothingCameOfIt(run, from);
    const before = await rowOf(run);
    await other.kill('SIGTERM');
    await late.kill('SIGCONT');
    // It is alive and takes what is there: by then it has tried what it was about to do.
    await ended(await start('note'));
    expect(await rowOf(run)).toEqual(before);
    await nothingCameOfIt(run, from);
    await late.kill('SIGKILL');
  });
});
