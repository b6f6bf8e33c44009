import type { Json, JsonObject } from '@writ/kernel';
import { boardProblems } from './board-references';
import { childNodes } from './child-nodes';
import { childRunProblems } from './child-runs';
import type { WorkflowDefinition } from './definitions';
import { type Lookup, missing } from './lookup';
import { neededBy } from './merge';
import type { Compensation, FanoutNode, LoopNode, MapNode, Node, SequenceNode } from './nodes';
import { outputShape } from './output-shape';
import { patternProblems } from './pattern-references';
import type { Problem } from './problems';
import { accepted, eachOf, membersOf, NUMBER, type Shape, shapeAt, TEXT, typesOf } from './shape';
import { conditionProblems, named, type Scope, templateProblems, withRoots, withStep } from './template-references';

/** Nested deeper than this, a workflow is a mistake; the engine walks it recursively. */
const MAX_NESTING = 16;

interface Walk {
  readonly lookup: Lookup;
  /** Keys of the workflow's blackboard. */
  readonly keys: ReadonlySet<string>;
  /** Step ids and branch keys seen so far in the whole workflow: one name means one step. */
  readonly taken: Set<string>;
  readonly problems: Problem[];
}

interface Place {
  readonly pointer: string;
  readonly scope: Scope;
  readonly depth: number;
}

/** What a workflow names, and whether what flows along its edges can fit. Pointers start at the workflow. */
export function workflowProblems(workflow: WorkflowDefinition, lookup: Lookup): Problem[] {
  const keys = new Set(Object.keys(workflow.blackboard ?? {}));
  const walk: Walk = { lookup, keys, taken: new Set(), problems: [] };
  const input: Shape = accepted(workflow.input as JsonObject);
  visit(
    workflow.root,
    { pointer: '/root', scope: { roots: new Map([['input', input]]), earlier: new Map() }, depth: 0 },
    walk,
  );
  return [...walk.problems, ...boardProblems(workflow, lookup), ...childRunProblems(workflow, lookup)];
}

function visit(node: Node, place: Place, walk: Walk): void {
  const { scope } = place;
  const add = (problems: readonly Problem[], at = ''): void =>
    void walk.problems.push(...problems.map((one) => ({ ...one, pointer: `${place.pointer}${at}${one.pointer}` })));
  if (place.depth > MAX_NESTING) return add([{ pointer: '', reason: `is nested deeper than ${MAX_NESTING}` }]);
  add(patternProblems(node, walk.lookup));
  if ('input' in node && node.input !== undefined) {
    const target = node.type === 'run' ? acceptedBy(node.workflow, walk.lookup) : null;
    add(templateProblems(node.input as Json, scope, target), '/input');
  }
  switch (node.type) {
    case 'tool':
      return add(toolProblems(node, scope, walk.lookup));
    case 'wait':
      if (typeof node.correlate === 'object') add(templateProblems(node.correlate, scope), '/correlate');
      return;
    case 'board':
      if (!walk.keys.has(node.key)) add([{ pointer: '/key', reason: `the blackboard has no key ${node.key}` }]);
      if (node.write !== undefined) add(templateProblems(node.write, scope), '/write');
      if (typeof node.expect === 'object') add(templateProblems(node.expect, scope, NUMBER), '/expect');
      if (node.expect !== undefined && node.write === undefined)
        add([{ pointer: '/expect', reason: 'there is nothing to write' }]);
      return;
    case 'input':
      if (typeof node.question === 'object') add(templateProblems(node.question, scope, TEXT), '/question');
      return;
    case 'sequence':
      return sequence(node, place, walk);
    case 'fanout':
      node.branches.forEach((branch, i) => claim(branch.key, `${place.pointer}/branches/${i}/key`, walk));
      return branches(node, { ...place, inside: scope }, walk);
    case 'map':
      return map(node, place, walk);
    case 'choice':
      node.cases.forEach((one, i) => add(conditionProblems(one.when, scope), `/cases/${i}/when`));
      break;
    case 'loop':
      return loop(node, place, walk);
    case 'group_chat': {
      const inside = withRoots(scope, [
        'loop',
        membersOf([
          ['index', NUMBER],
          ['last', null],
        ]),
      ]);
      if (node.until) add(conditionProblems(node.until, inside), '/until');
      return;
    }
    default:
  }
  for (const child of childNodes(node)) visit(child.node, below(place, child.pointer), walk);
}

const below = (place: Place, pointer: string, scope: Scope = place.scope): Place => ({
  pointer: place.pointer + pointer,
  scope,
  depth: place.depth + 1,
});

function sequence(node: SequenceNode, place: Place, walk: Walk): void {
  let { scope } = place;
  node.steps.forEach((step, i) => {
    const at = `/steps/${i}`;
    claim(step.id, `${place.pointer}${at}/id`, walk);
    visit(step.node, below(place, `${at}/node`, scope), walk);
    const falls = typeof step.on_error === 'object' ? step.on_error.fallback : null;
    if (falls) visit(falls, below(place, `${at}/on_error/fallback`, scope), walk);
    const output = falls ? null : outputShape(step.node, walk.lookup);
    scope = withStep(scope, step.id, output);
    if (step.compensate) {
      const found = toolProblems({ ...step.compensate }, scope, walk.lookup);
      walk.problems.push(
        ...found.map((one) => ({ ...one, pointer: `${place.pointer}${at}/compensate${one.pointer}` })),
      );
    }
  });
}

/** A tool call as a step makes it, also one that undoes: the tool and agent exist, the arguments can fit. */
function toolProblems(call: Compensation, scope: Scope, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  const tool = lookup.get('tool', call.tool);
  if (!tool) problems.push({ pointer: '/tool', reason: missing('tool', call.tool) });
  if (call.agent !== undefined && !lookup.get('agent', call.agent)) {
    problems.push({ pointer: '/agent', reason: missing('agent', call.agent) });
  }
  const target = tool ? accepted(tool.input as JsonObject) : null;
  const args = templateProblems(call.args as Json, scope, target);
  return [...problems, ...args.map((one) => ({ ...one, pointer: `/args${one.pointer}` }))];
}

function acceptedBy(workflow: string, lookup: Lookup): Shape {
  const child = lookup.get('workflow', workflow);
  return child ? accepted(child.input as JsonObject) : null;
}

/** The branches of a fan-out or the body of a map, and what brings them together. */
function branches(
  node: FanoutNode | MapNode,
  { inside, ...place }: Place & { readonly inside: Scope },
  walk: Walk,
): void {
  const each =
    node.type === 'fanout'
      ? membersOf(node.branches.map((one) => [one.key, outputShape(one.node, walk.lookup)]))
      : eachOf(outputShape(node.node, walk.lookup));
  const merging = withRoots(place.scope, ['branches', each]);
  for (const child of childNodes(node)) {
    visit(child.node, below(place, child.pointer, child.pointer === '/merge/node' ? merging : inside), walk);
  }
  const most = node.type === 'fanout' ? node.branches.length : (node.max_items ?? Infinity);
  const needed = neededBy(node.merge);
  if (needed && needed.count > most) {
    walk.problems.push({
      pointer: place.pointer + needed.pointer,
      reason: `asks for ${needed.count} of ${most} branches`,
    });
  }
}

function map(node: MapNode, place: Place, walk: Walk): void {
  const add = (pointer: string, reason: string): void =>
    void walk.problems.push({ pointer: place.pointer + pointer, reason });
  let item: Shape = null;
  if (Array.isArray(node.over)) {
    if (node.over.length > (node.max_items ?? Infinity)) add('/over', `has more than ${node.max_items} items`);
    walk.problems.push(
      ...templateProblems(node.over, place.scope).map((one) => ({
        ...one,
        pointer: `${place.pointer}/over${one.pointer}`,
      })),
    );
  } else {
    const found = named(node.over.$from, place.scope);
    if ('fault' in found) add('/over', found.fault);
    else {
      const types = typesOf(found.shape);
      if (types && !types.has('array')) add('/over', `${node.over.$from} is no list`);
      const first = shapeAt(found.shape, ['0']);
      item = first === 'absent' ? null : first;
    }
  }
  if (node.key !== undefined && shapeAt(item, node.key.split('/').slice(1)) === 'absent') {
    add('/key', `the items have no ${node.key}`);
  }
  branches(node, { ...place, inside: withRoots(place.scope, ['item', item], ['key', TEXT]) }, walk);
}

function loop(node: LoopNode, place: Place, walk: Walk): void {
  const output = outputShape(node.node, walk.lookup);
  const state = (last: Shape): Scope =>
    withRoots(place.scope, [
      'loop',
      membersOf([
        ['index', NUMBER],
        ['last', last],
      ]),
    ]);
  // In the first round there is no output before: `last` is null, so nothing may be promised of it inside.
  visit(node.node, below(place, '/node', state(null)), walk);
  if (typeof node.exhausted === 'object')
    visit(node.exhausted.node, below(place, '/exhausted/node', state(output)), walk);
  if (node.until) {
    const found = conditionProblems(node.until, state(output));
    walk.problems.push(...found.map((one) => ({ ...one, pointer: `${place.pointer}/until${one.pointer}` })));
  } else if (node.exhausted === 'fail') {
    walk.problems.push({
      pointer: place.pointer,
      reason: 'can only fail: it has no `until`, and fails when it is over',
    });
  }
}

function claim(id: string, pointer: string, walk: Walk): void {
  if (walk.taken.has(id)) walk.problems.push({ pointer, reason: `the step id ${id} is used twice in this workflow` });
  walk.taken.add(id);
}
