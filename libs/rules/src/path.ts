import type { Json, JsonObject } from '@writ/kernel';
import { type AttributeSpec, type Facts, isFresh, type OutsideFacts, Unread, type ValueType } from './facts';

/** A value a condition may name, parsed once. `attribute` is a resource's fact, brought by a resolver. */
export type Path =
  | { readonly kind: 'plain'; readonly text: string; readonly type: ValueType; readonly read: Read }
  | {
      readonly kind: 'attribute';
      readonly text: string;
      readonly attribute: string;
      readonly of: 'resource' | 'subject';
    };

export type Read = (facts: Facts) => Json | Unread;

const present = (value: Json | undefined, what: string): Json | Unread =>
  value === undefined ? new Unread('absent', `${what} is absent`) : value;

const plain: { readonly [text: string]: readonly [ValueType, Read] } = {
  'initiator.id': ['string', (facts) => facts.initiator.id],
  'initiator.kind': ['string', (facts) => facts.initiator.kind],
  'initiator.roles': ['list', (facts) => facts.initiator.roles],
  'agent.id': ['string', (facts) => present(facts.agent?.id, 'agent.id')],
  'agent.digest': ['string', (facts) => present(facts.agent?.digest, 'agent.digest')],
  'object.type': ['string', (facts) => facts.object.type],
  'object.id': ['string', (facts) => facts.object.id],
  'object.version': ['number', (facts) => present(facts.object.version, 'object.version')],
  'object.digest': ['string', (facts) => present(facts.object.digest, 'object.digest')],
  'resource.type': ['string', (facts) => present(facts.resource?.type, 'resource.type')],
  'resource.id': ['string', (facts) => present(facts.resource?.id, 'resource.id')],
  'handoff.to': ['string', (facts) => present(facts.handoff?.to, 'handoff.to')],
  'handoff.purpose': ['string', (facts) => present(facts.handoff?.purpose, 'handoff.purpose')],
  'handoff.depth': ['number', (facts) => present(facts.handoff?.depth, 'handoff.depth')],
  // UTC: two workers in two zones must decide alike.
  'time.now': ['number', (facts) => facts.now],
  'time.date': ['string', (facts) => new Date(facts.now).toISOString().slice(0, 10)],
  'time.hour': ['number', (facts) => new Date(facts.now).getUTCHours()],
  'time.minute': ['number', (facts) => new Date(facts.now).getUTCMinutes()],
  'time.weekday': ['number', (facts) => new Date(facts.now).getUTCDay() || 7],
};

/** What only questions of applications outside have: paths where the policy has a vocabulary for them, texts elsewhere. */
const outsidePlain: { readonly [text: string]: readonly [ValueType, Read] } = {
  'subject.type': ['string', (facts) => present(facts.outside?.subject.type, 'subject.type')],
  'subject.id': ['string', (facts) => present(facts.outside?.subject.id, 'subject.id')],
  'action.name': ['string', (facts) => present(facts.outside?.action.name, 'action.name')],
};
const PARTS: { readonly [root: string]: (outside: OutsideFacts) => JsonObject } = {
  subject: (outside) => outside.subject.properties,
  action: (outside) => outside.action.properties,
  resource: (outside) => outside.resource.properties,
  context: (outside) => outside.context,
};

const ATTRIBUTE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const ROOTS = ['initiator.', 'agent.', 'object.', 'resource.', 'handoff.', 'time.', 'args./'];
const OUTSIDE_ROOTS = ['subject.', 'action.', 'context./'];

/** Whether a text would be read as a path: such a text is not taken for a literal unless it says so. */
export const looksLikePath = (text: string, outside: boolean): boolean =>
  rootsOf(outside).some((root) => text.startsWith(root));

const rootsOf = (outside: boolean): readonly string[] => (outside ? [...ROOTS, ...OUTSIDE_ROOTS] : ROOTS);

/** The path, or what is wrong with it. `outside`: the policy has a vocabulary of applications. */
export function parsePath(text: string, outside: boolean): Path | string {
  const theirs = outside ? parseOutside(text) : null;
  if (theirs !== null) return theirs;
  const known = Object.hasOwn(plain, text) ? plain[text] : undefined;
  if (known) return { kind: 'plain', text, type: known[0], read: known[1] };
  if (text.startsWith('args./')) {
    const steps = parsePointer(text.slice('args.'.length));
    if (!steps) return `${text} is not a JSON pointer (RFC 6901) after "args."`;
    return {
      kind: 'plain',
      text,
      type: 'any',
      read: (facts) =>
        facts.args === null ? new Unread('absent', `${text} is absent`) : follow(facts.args, steps, text),
    };
  }
  if (text.startsWith('resource.')) {
    const attribute = text.slice('resource.'.length);
    if (ATTRIBUTE.test(attribute)) return { kind: 'attribute', text, attribute, of: 'resource' };
  }
  return `${text} names nothing a condition can read; paths begin with ${rootsOf(outside).join(' ')}`;
}

/** `subject.department`, or a JSON pointer into what the application brought: `context./ip`. Null for other paths. */
function parseOutside(text: string): Path | string | null {
  const known = Object.hasOwn(outsidePlain, text) ? outsidePlain[text] : undefined;
  if (known) return { kind: 'plain', text, type: known[0], read: known[1] };
  const dot = text.indexOf('.');
  const [root, rest] = [text.slice(0, dot), text.slice(dot + 1)];
  if (rest.startsWith('/') && Object.hasOwn(PARTS, root)) {
    const part = PARTS[root]!;
    const steps = parsePointer(rest);
    if (!steps) return `${text} is not a JSON pointer (RFC 6901) after "${root}."`;
    const read: Read = ({ outside }) =>
      outside === undefined ? new Unread('absent', `${text} is absent`) : follow(part(outside), steps, text);
    return { kind: 'plain', text, type: 'any', read };
  }
  return root === 'subject' && ATTRIBUTE.test(rest)
    ? { kind: 'attribute', text, attribute: rest, of: 'subject' }
    : null;
}

/** Reference tokens of a JSON pointer (RFC 6901 §3, §4), or null. */
export function parsePointer(pointer: string): readonly string[] | null {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return null;
  const steps = pointer.slice(1).split('/');
  if (steps.some((step) => /~(?![01])/.test(step))) return null;
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value a pointer's tokens lead to; only own members count, so nothing is ever read from a prototype. */
export function follow(root: Json, steps: readonly string[], text: string): Json | Unread {
  let value: Json | undefined = root;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return new Unread('absent', `${text} is absent`);
    value =
      Object.hasOwn(value, step) && !(Array.isArray(value) && step === 'length')
        ? (value as { readonly [key: string]: Json })[step]
        : undefined;
    if (value === undefined) return new Unread('absent', `${text} is absent`);
  }
  return value;
}

/**
 * Reads a resource's attribute. It counts only if the bundle declares `<type>.<attribute>`, a resolver brought it, it is
 * fresh, and it has the declared type; a resolver's null means the resolver looked and there is none.
 */
export function attributeReader(text: string, attribute: string, declared: ReadonlyMap<string, AttributeSpec>): Read {
  const unknown = (reason: string): Unread => new Unread('unknown', `${text}: ${reason}`);
  // Resource types are few: joining the name anew for each decision would cost more than the rest of the clause.
  const byType = new Map<string, { readonly name: string; readonly spec: AttributeSpec }>();
  for (const [name, spec] of declared) {
    if (name.endsWith(`.${attribute}`)) byType.set(name.slice(0, -attribute.length - 1), { name, spec });
  }
  return ({ resource, attributes, now, outside }) => {
    if (resource === null) return unknown('the call names no resource');
    const known = byType.get(resource.type);
    if (!known) return unknown(`${resource.type}.${attribute} is not declared`);
    const { name, spec } = known;
    if (outside !== undefined) return property(outside.resource.properties, attribute, { text, name, spec });
    const brought = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (!brought) return unknown(`${name} was not brought`);
    if (!isFresh(brought.at, now, spec.maxAgeMs)) return unknown(`${name} is too old`);
    if (brought.value === null) return new Unread('absent', `${text} is absent`);
    if (!hasType(brought.value, spec.type)) return unknown(`${name} is not a ${spec.type}`);
    return brought.value;
  };
}

/**
 * Reads a declared property of a question's subject: `subject.department` of a subject of type `user` is declared as
 * `user.department`. Directory and application together know all there is, so what neither has is absent.
 */
export function subjectReader(text: string, attribute: string, declared: ReadonlyMap<string, AttributeSpec>): Read {
  return ({ outside }) => {
    if (outside === undefined) return new Unread('absent', `${text} is absent`);
    const name = `${outside.subject.type}.${attribute}`;
    const spec = declared.get(name);
    if (!spec) return new Unread('unknown', `${text}: ${name} is not declared`);
    return property(outside.subject.properties, attribute, { text, name, spec });
  };
}

function property(
  properties: JsonObject,
  attribute: string,
  { text, name, spec }: { readonly text: string; readonly name: string; readonly spec: AttributeSpec },
): Json | Unread {
  const value = Object.hasOwn(properties, attribute) ? properties[attribute] : undefined;
  if (value === undefined || value === null) return new Unread('absent', `${text} is absent`);
  return hasType(value, spec.type) ? value : new Unread('unknown', `${text}: ${name} is not a ${spec.type}`);
}

const hasType = (value: Json, type: ValueType): boolean =>
  type === 'any' || (type === 'list' ? Array.isArray(value) : typeof value === type);
