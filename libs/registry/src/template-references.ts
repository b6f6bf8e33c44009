import type { Json, JsonObject } from '@writ/kernel';
import { comparisonsOf, type Condition } from './condition';
import { referenceIn } from './evaluate-condition';
import type { Problem } from './problems';
import { token } from './problems';
import { compatible, demandsOf, type Shape, shapeAt, typeOf, typesOf } from './shape';
import { pointerTokens, references } from './template';

/** What a template may name where it stands. */
export interface Scope {
  /** By first token of a pointer: `input`, `item`, … What is not here is not in scope. */
  readonly roots: ReadonlyMap<string, Shape>;
  /** Steps before this place, by id. */
  readonly earlier: ReadonlyMap<string, Shape>;
}

export const withRoots = (scope: Scope, ...more: readonly (readonly [string, Shape])[]): Scope => ({
  ...scope,
  roots: new Map([...scope.roots, ...more]),
});
export const withStep = (scope: Scope, id: string, shape: Shape): Scope => ({
  ...scope,
  earlier: new Map([...scope.earlier, [id, shape]]),
});

/** The shape of what a pointer names, or why it names nothing. */
export function named(pointer: string, scope: Scope): { readonly shape: Shape } | { readonly fault: string } {
  const [root, ...rest] = pointerTokens(pointer);
  const quoted = JSON.stringify(pointer);
  if (root === 'steps') {
    const [id, output, ...inside] = rest;
    if (id === undefined || output !== 'output') return { fault: `${quoted} is not of the form /steps/<id>/output` };
    if (!scope.earlier.has(id)) return { fault: `${id} is no earlier step here` };
    return reach(scope.earlier.get(id) ?? null, inside, `the output of ${id}`);
  }
  if (root === undefined || !scope.roots.has(root)) {
    const known = [...scope.roots.keys(), 'steps'].map((one) => `/${one}`).join(', ');
    return { fault: `${quoted} names nothing that is known here (${known})` };
  }
  return reach(scope.roots.get(root) ?? null, rest, `/${root}`);
}

function reach(shape: Shape, tokens: readonly string[], what: string): ReturnType<typeof named> {
  const found = shapeAt(shape, tokens);
  return found === 'absent'
    ? { fault: `${what} has no ${tokens.map((one) => `/${token(one)}`).join('')}` }
    : { shape: found };
}

/** A template's faults: references that name nothing here, and values that `target` never accepts. */
export function templateProblems(value: Json, scope: Scope, target: Shape = null): Problem[] {
  const { found, malformed } = references(value);
  const problems: Problem[] = malformed.map((pointer) => ({
    pointer,
    reason: '"$from" stands alone in its object and holds a JSON pointer',
  }));
  const shapes = new Map<string, Shape>();
  for (const { at, pointer } of found) {
    const one = named(pointer, scope);
    if ('fault' in one) problems.push({ pointer: at, reason: one.fault });
    else shapes.set(at, one.shape);
  }
  if (problems.length === 0) misfits(value, { target, at: '', shapes }, problems);
  return problems;
}

interface Fitting {
  readonly target: Shape;
  readonly at: string;
  /** Shapes of the references, by their place in the template. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

const said = (types: ReadonlySet<string> | null): string => [...(types ?? [])].join(' or ');

function misfits(value: Json, { target, at, shapes }: Fitting, into: Problem[]): void {
  if (target === null) return;
  if (shapes.has(at)) {
    const source = shapes.get(at) ?? null;
    if (!compatible(source, target)) {
      into.push({ pointer: at, reason: `is ${said(typesOf(source))} where ${said(typesOf(target))} is taken` });
    }
    return;
  }
  const types = typesOf(target);
  if (types && !types.has(typeOf(value))) {
    into.push({ pointer: at, reason: `is ${typeOf(value)} where ${said(types)} is taken` });
    return;
  }
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    value.forEach((item: Json, i) =>
      misfits(item, { target: known(target, String(i)), at: `${at}/${i}`, shapes }, into),
    );
    return;
  }
  const object = value as JsonObject;
  const { required, closed } = demandsOf(target);
  for (const name of required) {
    if (!Object.hasOwn(object, name)) into.push({ pointer: at, reason: `lacks ${name}, which is required` });
  }
  for (const [key, member] of Object.entries(object)) {
    const place = `${at}/${token(key)}`;
    const inner = shapeAt(target, [key]);
    if (inner === 'absent' && closed) into.push({ pointer: place, reason: `${key} is not taken` });
    else misfits(member, { target: inner === 'absent' ? null : inner, at: place, shapes }, into);
  }
}

const known = (target: Shape, key: string): Shape => {
  const found = shapeAt(target, [key]);
  return found === 'absent' ? null : found;
};

/** How deep a condition may be nested; the evaluator walks it recursively. */
const MAX_CONDITION = 16;

export function conditionProblems(condition: Condition, scope: Scope): Problem[] {
  const problems: Problem[] = [];
  for (const { at, one } of comparisonsOf(condition)) {
    if (at.split('/').length > MAX_CONDITION * 2) {
      problems.push({ pointer: at, reason: `is nested deeper than ${MAX_CONDITION}` });
      continue;
    }
    const left = named(one.value.$from, scope);
    if ('fault' in left) problems.push({ pointer: `${at}/value`, reason: left.fault });
    if (one.op === 'exists') continue;
    const other = referenceIn(one.to);
    const right = other === null ? null : named(other, scope);
    if (right && 'fault' in right) problems.push({ pointer: `${at}/to`, reason: right.fault });
    else if ('shape' in left)
      problems.push(...comparisonProblems(one.op, left.shape, { at, to: one.to, right: right?.shape }));
  }
  return problems;
}

const ORDERED: ReadonlySet<string> = new Set(['less', 'at_most', 'greater', 'at_least']);

/** A comparison that can only ever be a fault is a mistake. */
function comparisonProblems(
  op: string,
  left: Shape,
  { at, to, right }: { readonly at: string; readonly to: Json; readonly right: Shape | undefined },
): Problem[] {
  const types = right === undefined ? new Set([typeOf(to)]) : typesOf(right);
  const values = typesOf(left);
  if (op === 'in' && types && !types.has('array')) return [{ pointer: `${at}/to`, reason: 'is not a list' }];
  if (!ORDERED.has(op)) return [];
  const comparable = ['number', 'string'].some(
    (type) => (types?.has(type as never) ?? true) && (values?.has(type as never) ?? true),
  );
  return comparable ? [] : [{ pointer: at, reason: `${said(values) || 'a value'} is never ${op} ${said(types)}` }];
}
