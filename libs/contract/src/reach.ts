import { z } from 'zod';
import { digest, name, named } from './fields';
import { route } from './route';

const ReachPath = named(
  'ReachPath',
  z
    .object({
      from: name,
      at: name.describe('The agent that calls the tool; `from` itself where there are no steps.'),
      tool: name,
      steps: z
        .array(
          z.object({
            from: name,
            to: name,
            how: z.enum(['handoff', 'question', 'work', 'choice']),
            mode: z.enum(['attenuate', 'service']),
            rules: z.array(z.string()).readonly(),
          }),
        )
        .readonly(),
      rules: z.array(z.string()).readonly().describe('The rules that let the caller call it.'),
      provided: z
        .array(z.string())
        .readonly()
        .describe('What must be so besides: `if own`, `unless large`, `approval`.'),
      lacking: z
        .array(name)
        .readonly()
        .describe('Agents on the way that may not call it themselves: a service does it for them (a confused deputy).'),
    })
    .describe('A way by which what one agent says ends in the call of a tool.'),
);

export const reachRoutes = {
  getReach: route({
    method: 'GET',
    path: '/v1/policies/reach',
    area: 'policy',
    summary: 'Which agent can reach which tool, and through whom',
    description:
      'Searches what is published and what the rules in force could allow: it misses no way, and conditions are taken as they could turn out. The shortest way for each agent, caller and tool.',
    access: ['policy.read'],
    query: z.strictObject({
      tool: name.exactOptional().describe('Only ways to this tool.'),
      from: name.exactOptional().describe('Only ways of this agent.'),
      initiator: z
        .string()
        .min(1)
        .max(200)
        .exactOptional()
        .describe('For whom: `user:7f3a`, or a role. Without it whoever would be allowed everything.'),
      deputies: z
        .enum(['true', 'false'])
        .default('false')
        .describe('Only ways of agents that lack the right themselves.'),
    }),
    responses: {
      200: {
        description: 'The ways there are.',
        schema: named(
          'Reach',
          z.object({
            policy: digest,
            complete: z.boolean().describe('False when there were more ways than were followed.'),
            agents: z.int().describe('How many agents were looked at.'),
            data: z.array(ReachPath).readonly(),
          }),
        ),
        example: {
          policy: `sha256:${'9c'.repeat(32)}`,
          complete: true,
          agents: 2,
          data: [
            {
              from: 'triage',
              at: 'billing',
              tool: 'refund',
              steps: [{ from: 'triage', to: 'billing', how: 'handoff', mode: 'service', rules: ['to-billing'] }],
              rules: ['agent-billing'],
              provided: ['unless huge'],
              lacking: ['triage'],
            },
          ],
        },
      },
    },
    problems: ['not_found'],
  }),
};
