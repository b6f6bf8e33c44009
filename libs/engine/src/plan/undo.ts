import type { JsonObject } from '@writ/kernel';
import type { Node } from '@writ/registry';
import type { ToUndo } from '../events';
import { branchPath, childOf } from '../path';
import { inputOf } from './leaves';
import type { PlanAt, Planned, Scope } from './plan-at';

/** One compensation: where it stands, and what it does next. */
export interface Undoing {
  readonly path: string;
  plan(): Planned;
  /** The call it is. Null where its arguments cannot be made of what the run has. */
  readonly call: { readonly tool: string; readonly args: JsonObject } | null;
}

/** What a run that ends without undoing anything leaves to be undone, last first, from what was really done. */
export function leftToUndo(root: Node, at: PlanAt): readonly ToUndo[] {
  // Drawn once more, so that how far each sequence came is known also after a restart.
  at.plan(root, at);
  return [...undoings(root, '', at)].flatMap(({ path, call }) =>
    call === null || at.state.results.has(path) ? [] : [{ path, ...call }],
  );
}

interface Place {
  readonly path: string;
  readonly scope: Scope;
}

/**
 * What undoes a node and what lies in it, in the reverse order of what was done, each from what it really gave. A step's
 * own compensation comes before that of its tool, which comes before none.
 */
export function* undoings(node: Node, path: string, at: PlanAt): Generator<Undoing> {
  yield* undo(node, { path, scope: at.scope }, at);
}

function* undo(node: Node, place: Place, at: PlanAt): Generator<Undoing> {
  const { path, scope } = place;
  switch (node.type) {
    case 'sequence':
      return yield* undoSequence(node, path, at);
    case 'tool':
      return yield* undoTool(node, place, at);
    case 'fanout':
      for (const { key, node: branch } of node.branches.toReversed()) {
        yield* undo(branch, { path: branchPath(path, key), scope }, at);
      }
      return;
    case 'map': {
      const items = at.memory.items.get(path) ?? new Map<string, never>();
      for (const [key, item] of [...items].toReversed()) {
        yield* undo(node.node, { path: branchPath(path, key), scope: { ...scope, item, key } }, at);
      }
      return;
    }
    case 'loop':
      for (let i = at.memory.cursors.get(path)?.index ?? -1; i >= 0; i--) {
        yield* undo(node.node, { path: childOf(path, `#${i}`), scope }, at);
      }
      return;
    case 'choice':
      for (const [i, { node: chosen }] of node.cases.entries()) {
        yield* undo(chosen, { path: childOf(path, `?${i}`), scope }, at);
      }
      if (node.otherwise) yield* undo(node.otherwise, { path: childOf(path, '?'), scope }, at);
      return;
    default:
      // What an agent did is its own affair, and a child run undoes what it did itself.
      return;
  }
}

function* undoSequence(node: Extract<Node, { type: 'sequence' }>, path: string, at: PlanAt): Generator<Undoing> {
  const cursor = at.memory.cursors.get(path);
  if (!cursor) return;
  const { scope } = cursor;
  for (let i = Math.min(cursor.index, node.steps.length - 1); i >= 0; i--) {
    const step = node.steps[i]!;
    const own = childOf(path, step.id);
    const ruled = at.state.ruled.get(own)?.rule;
    // A step that failed and was passed over did nothing that could be undone.
    const done = i < cursor.index && scope.steps[step.id]?.output !== undefined && ruled === undefined;
    if (done && step.compensate) yield compensation(step.compensate, { path: own, scope }, at);
    else if (done && step.node.type === 'tool') yield* undoTool(step.node, { path: own, scope }, at);
    if (step.node.type !== 'tool') yield* undo(step.node, { path: own, scope }, at);
    if (ruled === 'fallback' && typeof step.on_error === 'object') {
      yield* undo(step.on_error.fallback, { path: childOf(own, '!'), scope }, at);
    }
  }
}

/** A tool may say what undoes a call of it, from that call's arguments and answer. */
function* undoTool(node: Extract<Node, { type: 'tool' }>, place: Place, at: PlanAt): Generator<Undoing> {
  const result = at.state.results.get(place.path);
  const undoes = at.bill.tools.get(node.tool)?.definition.compensate;
  if (!undoes || !result?.done) return;
  const args = inputOf(node.args, place);
  if ('ended' in args) return;
  const scope = { ...place.scope, args: args.value, output: result.output };
  const agent = node.agent === undefined ? {} : { agent: node.agent };
  yield compensation({ ...undoes, ...agent }, { path: place.path, scope }, at);
}

type Compensation = NonNullable<Extract<Node, { type: 'sequence' }>['steps'][number]['compensate']>;

function compensation(undoes: Compensation, { path, scope }: Place, at: PlanAt): Undoing {
  const undo = childOf(path, '~');
  const args = inputOf(undoes.args, { path: undo, scope });
  const call = 'ended' in args ? null : { tool: undoes.tool, args: args.value };
  return { path: undo, call, plan: () => at.plan({ type: 'tool', ...undoes }, { ...at, path: undo, scope }) };
}
