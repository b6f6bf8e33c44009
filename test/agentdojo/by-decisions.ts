import { newId, type RunId } from '@writ/kernel';
import { buildSnapshot, decide, type DecisionRequest, type TenantAuthority } from '@writ/policy';
import type { Case, Suite } from './dataset';
import { bundleOf, type Guard } from './policies';
import { addOutcome, emptyScore, type Score } from './score';

type Facts = NonNullable<DecisionRequest['flow']>;

const tenant = newId('tenant');
const run: RunId = newId('run');

async function authorityOf(suite: Suite, guard: Guard): Promise<TenantAuthority> {
  const snapshot = await buildSnapshot(bundleOf(suite, guard));
  if (!snapshot.ok) throw new Error(snapshot.failure.message);
  return { tenant, snapshot: snapshot.value, stops: [], epochs: { tenant: 1, platform: 1 } };
}

/** The decisions of each case and nothing else: no model, no tool, no database. What the product does must come to the same. */
export async function byDecisions(cases: readonly Case[], guard: Guard): Promise<Score> {
  const score = emptyScore();
  const authorities = new Map<string, TenantAuthority>();
  for (const one of cases) {
    const { name } = one.suite;
    const authority = authorities.get(name) ?? (await authorityOf(one.suite, guard));
    authorities.set(name, authority);
    addOutcome(score, one, decided(authority, one, guard));
  }
  return score;
}

function decided(authority: TenantAuthority, one: Case, guard: Guard) {
  const { suite, steps, prompt, mandate, id } = one;
  const reached = new Set<number>();
  const denied = new Set<number>();
  const asked = new Set<number>();
  const sources: Facts['sources'][number][] = [
    { from: 'input', name: '', step: null, labels: [], value: { message: prompt, script: id } },
  ];
  let left = false;
  for (const [i, { name, args, result, error, injected }] of steps.entries()) {
    const decision = decide(authority, {
      tenant,
      initiator: {
        tenant,
        kind: 'user',
        id: 'user:emma',
        roles: [guard === 'roles' && one.reads ? 'reader' : 'writer'],
      },
      chain: [{ agent: 'assistant', digest: 'sha256:a' }],
      action: 'tool.invoke',
      object: { type: 'tool', id: name, digest: 'sha256:t' },
      args,
      mandate: guard === 'mandate' ? { tools: mandate.map((tool) => ({ tool })) } : null,
      run,
      flow: { sources, unlabelled: false, left, tool: (tool) => toolOf(suite, tool) },
      now: 0,
    });
    if (decision.verdict === 'deny') denied.add(i);
    if (decision.verdict === 'ask') asked.add(i);
    // The owner of the account says yes to the user's own calls, and no to an attacker's.
    if (decision.verdict === 'deny' || (decision.verdict === 'ask' && injected)) continue;
    reached.add(i);
    const { flow } = decision;
    if (!flow) continue;
    left ||= flow.sink === 'egress';
    sources.push({ from: 'tool', name, step: 2 * i + 2, labels: flow.brings, value: error ?? result });
  }
  return { reached, denied, asked };
}

const toolOf = (suite: Suite, tool: string) => ({
  effect: suite.effect[tool] === 'read' ? ('read' as const) : ('idempotent' as const),
});
