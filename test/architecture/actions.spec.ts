import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTES } from '@writ/contract';
import { newId } from '@writ/kernel';
import { ACTIONS, type Action, decide, type DecisionRequest, type PolicyObject } from '@writ/policy';
import { authorityOf, stopOf, toolCall } from '../policy/parts';
import { ROOT } from './tree';

/** Where the product asks before it acts. */
const ASKING = ['libs/engine/src', 'libs/policy/src/approvals', 'apps/control-plane/src/controllers'];

/** What a decision point has to be asked about, and the action under which this product asks. */
const MUST: { readonly [word: string]: readonly Action[] } = {
  'a run is started, resumed, cancelled, read': ['run.start', 'run.resume', 'run.cancel', 'run.read'],
  'a run is paused, steered, forked, moved, taken up again': [
    'run.pause',
    'run.steer',
    'run.fork',
    'run.fork_live',
    'run.upgrade',
    'run.redrive',
    'run.revoke',
  ],
  'a signal, an answer, what became of a lost call': ['run.signal', 'run.answer', 'run.reconcile'],
  'a model is called': ['model.invoke'],
  'a tool is called, ours, over HTTP or over MCP': ['tool.invoke'],
  'a framework or an agent elsewhere is called': ['agent.invoke'],
  'data is read for a decision': ['data.read'],
  'a guardrail asks about content, and a run gives its answer': ['guardrail.check', 'run.finish'],
  'what agents share and tell each other': ['board.read', 'board.write', 'message.send', 'message.read'],
  'control or work is passed on': ['handoff', 'delegate'],
  'people are asked, and decide': ['approval.read', 'approval.decide', 'approval.delegate'],
  'somebody speaks for another': ['principal.assert'],
  'what runs is changed': ['agent.change', 'tool.change', 'model.change', 'workflow.change'],
  'the policy is read, changed, explained, asked': [
    'policy.read',
    'policy.change',
    'decision.explain',
    'decision.evaluate',
  ],
  'evidence is read and exported': ['audit.read', 'audit.export'],
  'work is stopped, and let go on': ['stop.read', 'stop.set', 'stop.release'],
  'limits are read and set': ['budget.read', 'budget.set', 'admission.read', 'admission.set'],
  'keys, triggers, subscriptions, the directory': [
    'key.manage',
    'trigger.read',
    'trigger.change',
    'subscription.read',
    'subscription.change',
    'directory.read',
    'directory.change',
  ],
  'runs that were drawn are looked at': ['review.read', 'review.decide'],
};

const passesOn = (action: Action): boolean => action === 'handoff' || action === 'delegate';

function requestOf(action: Action): DecisionRequest {
  const object: PolicyObject = { type: passesOn(action) ? 'agent' : 'tool', id: 'x' };
  return toolCall({
    action,
    object,
    chain: action === 'handoff' ? [{ agent: 'orders', digest: 'sha256:orders' }] : [],
    ...(passesOn(action) && { handoff: { to: 'x', purpose: 'any', depth: 1 } }),
  });
}

const grants = (action: Action): string[] => [
  `p, user:ann, {tenant}, *, ${action}, , allow, , yes`,
  ...(action === 'handoff' ? ['p2, agent:orders, agent:x, {tenant}, *, attenuate, , allow, , pass'] : []),
];
const under = (rules: readonly string[], conditions = {}) => authorityOf(JSON.stringify({ rules, conditions }));
const ERRS = { unread: { eq: ['args./nowhere', 1] } };

describe('the actions that are decided', () => {
  it('are all that have to be, each under one word', () => {
    const named = Object.values(MUST).flat();
    expect([...named].sort()).toEqual([...ACTIONS].sort());
    expect(new Set(named).size).toBe(named.length);
  });

  it('are each asked about by a part of the product that acts, and by no test alone', () => {
    const texts = ASKING.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
        .map((path) => readFileSync(join(ROOT, folder, path), 'utf8')),
    );
    const places = (action: Action): number => texts.filter((text) => text.includes(`'${action}'`)).length;
    expect(ACTIONS.filter((action) => places(action) === 0)).toEqual([]);
  });

  it('are the only ones that the API says its operations ask for', () => {
    const known: ReadonlySet<string> = new Set(ACTIONS);
    const asked = Object.values(ROUTES).flatMap(({ access }) => (typeof access === 'string' ? [] : [...access]));
    expect(asked.filter((action) => !known.has(action))).toEqual([]);
  });

  it.each(ACTIONS)(
    '[I7] %s: silence denies, a rule allows it and nothing else, a deny wins, an error never helps',
    async (action) => {
      const request = requestOf(action);
      const verdict = async (rules: readonly string[], conditions = {}) =>
        decide(await under(rules, conditions), request).verdict;
      const other = ACTIONS.find((one) => one !== action && !passesOn(one))!;
      expect(await verdict([`p, user:ann, {tenant}, *, ${other}, , allow`])).toBe('deny');
      expect(await verdict(grants(action))).toBe('allow');
      expect(await verdict([...grants(action), `p, user:ann, {tenant}, *, ${action}, , deny`])).toBe('deny');
      expect(await verdict([...grants(action), `p, user:ann, {tenant}, *, ${action}, unread, deny`], ERRS)).toBe(
        'deny',
      );
      const erring = grants(action).map((line) => line.replace(', , allow, , yes', ', unread, allow, , yes'));
      expect(await verdict(erring, ERRS)).toBe('deny');
      const foreign = { ...request, initiator: { ...request.initiator, tenant: newId('tenant') } };
      expect(decide(await under(grants(action)), foreign).verdict).toBe('deny');
    },
  );

  it('that read, stop, release or take away are never in the way of a stop', async () => {
    const stop = stopOf({ scope: 'tenant', target: '' });
    for (const action of ['run.read', 'run.cancel', 'stop.release', 'stop.set', 'audit.read', 'key.manage'] as const) {
      const authority = { ...(await under(grants(action))), stops: [stop] };
      expect([action, decide(authority, requestOf(action)).verdict]).toEqual([action, 'allow']);
    }
    for (const action of [
      'run.start',
      'model.invoke',
      'tool.invoke',
      'data.read',
      'handoff',
      'message.send',
    ] as const) {
      const authority = { ...(await under(grants(action))), stops: [stop] };
      expect([action, decide(authority, requestOf(action)).reason]).toEqual([action, 'stopped']);
    }
  });
});
