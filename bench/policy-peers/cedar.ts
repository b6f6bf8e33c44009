import { peer } from '../peer';
import { serveDecider } from './decider';
import type { Rule } from './world';

interface Cedar {
  preparsePolicySet(id: string, policies: { staticPolicies: string }): { type: string };
  statefulIsAuthorized(call: object): { type: string; response: { decision: string } };
}

const permit = ([role, tenant, tool, action]: Rule): string =>
  `permit(principal in Role::"${tenant}/${role}", action == Action::"${action}", resource == Tool::"${tool}");`;

/** Cedar's WebAssembly build: one pre-parsed policy set a tenant, the agent's role given as its parent. */
serveDecider((world) => {
  const cedar = peer<Cedar>('@cedar-policy/cedar-wasm/nodejs');
  for (const [tenant, rules] of Map.groupBy(world.rules, (rule) => rule[1])) {
    const parsed = cedar.preparsePolicySet(tenant, { staticPolicies: rules.map(permit).join('\n') });
    if (parsed.type !== 'success') throw new Error(`cedar did not parse: ${JSON.stringify(parsed).slice(0, 300)}`);
  }
  return Promise.resolve(({ agent, tenant, tool, action, role }) => {
    const principal = { type: 'Agent', id: agent };
    const answer = cedar.statefulIsAuthorized({
      principal,
      action: { type: 'Action', id: action },
      resource: { type: 'Tool', id: tool },
      context: {},
      entities: [{ uid: principal, attrs: {}, parents: [{ type: 'Role', id: `${tenant}/${role}` }] }],
      preparsedPolicySetId: tenant,
    });
    if (answer.type !== 'success') throw new Error(JSON.stringify(answer).slice(0, 300));
    return answer.response.decision === 'allow';
  });
});
