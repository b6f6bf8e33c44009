import type { Json } from '@writ/kernel';
import { type AttributeSpec, type Facts, isFresh, Unread, type ValueType } from './facts';

/** A value a condition may name, parsed once. `attribute` is a resource's fact, brought by a resolver. */
export type Path =
  | { readonly kind: 'plain'; readonly text: string; readonly type: ValueType; readonly read: Read }
  | { readonly kind: 'attribute'; readonly text: string; readonly attribute: string };

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

const ATTRIBUTE = /^[a-z][a-z0-9_-]{0,63}$/;
const ROOTS = ['initiator.', 'agent.', 'object.', 'resource.', 'handoff.', 'time.', 'args./'];

/** Whether a text would be read as a path: such a text is not taken for a literal unless it says so. */
export const looksLikePath = (text: string): boolean => ROOTS.some((root) => text.startsWith(root));

/** The path, or what is wrong with it. */
export function parsePath(text: string): Path | string {
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
    if (ATTRIBUTE.test(attribute)) return { kind: 'attribute', text, attribute };
  }
  return `${text} names nothing a condition can read; paths begin with ${ROOTS.join(' ')}`;
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
  return ({ resource, attributes, now }) => {
    if (resource === null) return unknown('the call names no resource');
    const known = byType.get(resource.type);
    if (!known) return unknown(`${resource.type}.${attribute} is not declared`);
    const { name, spec } = known;
    const brought = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (!brought) return unknown(`${name} was not brought`);
    if (!isFresh(brought.at, now, spec.maxAgeMs)) return unknown(`${name} is too old`);
    if (brought.value === null) return new Unread('absent', `${text} is absent`);
    if (!hasType(brought.value, spec.type)) return unknown(`${name} is not a ${spec.type}`);
    return brought.value;
  };
}

export const hasType = (value: Json, type: ValueType): boolean =>
  type === 'any' || (type === 'list' ? Array.isArray(value) : typeof value === type);
