import { assertNever } from '@writ/kernel';
import type { Fallback, Node } from './nodes';

export interface ChildNode {
  /** JSON pointer within the node. */
  readonly pointer: string;
  readonly node: Node;
}

/** The nodes directly inside a node, with their places: the one list that every walk over a workflow uses. */
export function childNodes(node: Node): readonly ChildNode[] {
  switch (node.type) {
    case 'sequence':
      return node.steps.flatMap((step, i) => [
        { pointer: `/steps/${i}/node`, node: step.node },
        ...(typeof step.on_error === 'object'
          ? [{ pointer: `/steps/${i}/on_error/fallback`, node: step.on_error.fallback }]
          : []),
      ]);
    case 'fanout':
      return [
        ...node.branches.map((branch, i) => ({ pointer: `/branches/${i}/node`, node: branch.node })),
        ...merging(node.merge),
      ];
    case 'map':
      return [{ pointer: '/node', node: node.node }, ...merging(node.merge)];
    case 'choice':
      return [
        ...node.cases.map((one, i) => ({ pointer: `/cases/${i}/node`, node: one.node })),
        ...(node.otherwise ? [{ pointer: '/otherwise', node: node.otherwise }] : []),
      ];
    case 'loop': {
      const after =
        typeof node.exhausted === 'object' ? [{ pointer: '/exhausted/node', node: node.exhausted.node }] : [];
      return [{ pointer: '/node', node: node.node }, ...after];
    }
    case 'hedge':
      return [{ pointer: '/node', node: node.node }];
    case 'router':
      return [
        ...node.routes.flatMap((route, i) =>
          'node' in route ? [{ pointer: `/routes/${i}/node`, node: route.node }] : [],
        ),
        ...fallingBack(node.fallback, '/fallback'),
      ];
    case 'agent':
    case 'tool':
    case 'wait':
    case 'swarm':
    case 'supervisor':
    case 'group_chat':
    case 'plan':
    case 'reflect':
    case 'run':
    case 'board':
    case 'input':
      return [];
    default:
      return assertNever(node, 'workflow node');
  }
}

function merging(merge: Extract<Node, { type: 'map' }>['merge']): ChildNode[] {
  return merge.policy === 'reduce' ? [{ pointer: '/merge/node', node: merge.node }] : [];
}

function fallingBack(fallback: Fallback, pointer: string): ChildNode[] {
  if (fallback.type === 'node') return [{ pointer: `${pointer}/node`, node: fallback.node }];
  return fallback.type === 'router' ? fallingBack(fallback.fallback, `${pointer}/fallback`) : [];
}

/** Every node of a tree, itself first. */
export function* allNodes(node: Node, pointer = ''): Generator<ChildNode> {
  yield { pointer, node };
  for (const child of childNodes(node)) yield* allNodes(child.node, pointer + child.pointer);
}

export interface Named {
  readonly agents: readonly string[];
  readonly tools: readonly string[];
  /** Router definitions or agents: whichever is published under the name. */
  readonly routers: readonly string[];
  readonly workflows: readonly string[];
}

const NONE: Named = { agents: [], tools: [], routers: [], workflows: [] };

/** What a node itself names, without the nodes inside it. */
export function namedBy(node: Node): Named {
  switch (node.type) {
    case 'agent':
      return { ...NONE, agents: [node.agent] };
    case 'tool':
      return { ...NONE, agents: node.agent === undefined ? [] : [node.agent], tools: [node.tool] };
    case 'swarm':
      return { ...NONE, agents: node.agents };
    case 'supervisor':
      return { ...NONE, agents: [node.supervisor, ...node.workers] };
    case 'group_chat':
      return {
        ...NONE,
        agents: typeof node.order === 'object' ? [...node.speakers, node.order.manager] : node.speakers,
      };
    case 'plan':
      return { ...NONE, agents: [node.planner, ...node.executors] };
    case 'reflect':
      return { ...NONE, agents: [node.agent, node.critic] };
    case 'run':
      return { ...NONE, workflows: [node.workflow] };
    case 'sequence': {
      const undone = node.steps.flatMap((step) => (step.compensate ? [step.compensate] : []));
      return {
        ...NONE,
        agents: undone.flatMap((one) => (one.agent === undefined ? [] : [one.agent])),
        tools: undone.map((one) => one.tool),
      };
    }
    case 'fanout':
    case 'map':
      return { ...NONE, agents: node.merge.policy === 'judge' ? [node.merge.agent] : [] };
    case 'router': {
      const falling = fallbackNames(node.fallback);
      const agents = node.routes.flatMap((route) => ('agent' in route ? [route.agent] : []));
      return { ...NONE, agents: [...agents, ...falling.agents], routers: [node.router, ...falling.routers] };
    }
    case 'wait':
    case 'board':
    case 'input':
    case 'choice':
    case 'loop':
    case 'hedge':
      return NONE;
    default:
      return assertNever(node, 'workflow node');
  }
}

function fallbackNames(fallback: Fallback): Pick<Named, 'agents' | 'routers'> {
  if (fallback.type === 'agent') return { agents: [fallback.agent], routers: [] };
  if (fallback.type !== 'router') return NONE;
  const inner = fallbackNames(fallback.fallback);
  return { agents: inner.agents, routers: [fallback.router, ...inner.routers] };
}

/** Schemas that stand inside a workflow, with their pointers. */
export function nestedSchemas(workflow: {
  readonly root: Node;
}): { readonly pointer: string; readonly schema: object }[] {
  return [...allNodes(workflow.root, '/root')].flatMap(({ pointer, node }) =>
    node.type === 'input' ? [{ pointer: `${pointer}/schema`, schema: node.schema }] : [],
  );
}
