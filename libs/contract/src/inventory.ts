import { z } from 'zod';
import { named, page, pageQuery, time } from './fields';
import { tier } from './reviews';
import { route } from './route';

const kind = z.enum(['agent', 'workflow', 'tool']);
const does = z
  .enum(['warn', 'ask', 'block', 'nothing'])
  .describe('What the policy in force makes of it: it goes on record, people are asked, it may not act, nothing.');

const InventoryEntry = named(
  'InventoryEntry',
  z
    .object({
      kind,
      name: z.string(),
      version: z.int(),
      digest: z.string(),
      owner: z.string().nullable(),
      purpose: z.string().nullable(),
      tier,
      classed: z.boolean().describe('False where its definition names no tier: it counts as `medium` then.'),
      reaches: tier.describe(
        'The highest tier of what it may touch, itself among it; of a workflow, that of its runs.',
      ),
      review_by: z.string().nullable().describe('The last day (UTC) on which it counts as reviewed.'),
      lapses: z
        .array(
          z.object({
            lapse: z.enum(['overdue', 'undated', 'unowned']),
            words: z.string(),
            does,
          }),
        )
        .readonly()
        .describe('Why nobody answers for it, or not any more.'),
      blocked: z.boolean().describe('Whether the policy in force lets it act no more because of that.'),
      controls: z
        .array(z.string())
        .readonly()
        .describe('What the policy in force holds it to in its tier, by the ids that decisions name.'),
      used_by: z.array(z.string()).readonly().describe('Published agents and workflows that name it: `agent orders`.'),
      last_used_at: time.nullable().describe('When one of the newest 1,000 runs used it; null where none did.'),
      author: z.string(),
      published_at: time,
    })
    .describe('Something that may run, and who answers for it.'),
);

const example = {
  kind: 'agent',
  name: 'refunds',
  version: 3,
  digest: `sha256:${'5e'.repeat(32)}`,
  owner: 'payments desk',
  purpose: 'Refunds orders that did not arrive.',
  tier: 'high',
  classed: true,
  reaches: 'high',
  review_by: '2026-10-01',
  lapses: [{ lapse: 'overdue', words: 'was to be reviewed by 2026-10-01', does: 'block' }],
  blocked: true,
  controls: ['tier:high:two_people', 'tier:high:overdue'],
  used_by: ['workflow refund_order'],
  last_used_at: '2026-11-22T09:31:07.402Z',
  author: 'user:7f3a',
  published_at: '2026-06-02T08:00:00.000Z',
} as const;

export const inventoryRoutes = {
  listInventory: route({
    method: 'GET',
    path: '/v1/inventory',
    area: 'inventory',
    summary: 'List what may run, who answers for it, and how risky it is',
    description: 'Agents, workflows and tools in their newest versions, by kind and name.',
    access: ['run.read'],
    query: z.strictObject({
      ...pageQuery,
      kind: kind.exactOptional(),
      tier: tier.exactOptional(),
      owner: z.string().min(1).max(200).exactOptional(),
      lapsed: z.enum(['true', 'false']).exactOptional().describe('Only those for which somebody answers, or nobody.'),
    }),
    responses: {
      200: {
        description: 'A page of the inventory.',
        schema: page('InventoryPage', InventoryEntry),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
};
