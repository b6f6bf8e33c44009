import type { FieldNode, QueryNode, QueryTest } from './ast';
import { boundsOf, within } from './bounds';
import { fieldOf } from './fields';

type Members = { readonly [name: string]: unknown };

/** An audit event and where it stands in the log. */
export interface PlacedEvent {
  readonly event: Members;
  /** Null while it is not sealed. */
  readonly index: number | null;
  /** The bytes it was hashed as; free text is looked for in them. */
  readonly raw: string;
}

/**
 * Whether an audit event fits a query, as the server's list decides it: for live events, and for files without a server.
 * `now` (epoch milliseconds) is what relative times count from. The query must be without faults.
 */
export function matchesEvent(root: QueryNode | null, placed: PlacedEvent, now: number): boolean {
  if (root === null) return true;
  switch (root.kind) {
    case 'and':
      return root.items.every((item) => matchesEvent(item, placed, now));
    case 'or':
      return root.items.some((item) => matchesEvent(item, placed, now));
    case 'not':
      return !matchesEvent(root.item, placed, now);
    case 'text':
      return lower(placed.raw).includes(lower(root.text));
    case 'field':
      return root.tests.some((test) => fits(root, test, { placed, now }));
  }
}

/** Letters A to Z only, so that the database and every browser agree. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

function fits(
  node: FieldNode,
  test: QueryTest,
  { placed, now }: { readonly placed: PlacedEvent; readonly now: number },
): boolean {
  const field = fieldOf('audit', node.field);
  if (!field) throw new Error(`the query asks for ${node.field} and was not checked`);
  if (field.name === 'is' && test.kind === 'is') return (placed.index !== null) === (test.value === 'sealed');
  if (field.type === 'name' || field.type === 'word') {
    return namesOf(field.name, placed.event).some((name) => sameName(test, name));
  }
  const value = numberOf(field.name, placed);
  return value !== null && within(boundsOf(field, test, now), value);
}

const sameName = (test: QueryTest, name: string): boolean =>
  test.kind === 'is' ? name === test.value : test.kind === 'starts' && name.startsWith(test.value);

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Members)[name] : undefined;

/** Every name an event has under a field; fields that are members of the event by their own name fall through. */
function namesOf(field: string, event: Members): string[] {
  const { object, decision } = event;
  switch (field) {
    case 'object':
      return texts(member(object, 'id'));
    case 'kind':
      return texts(member(object, 'type'));
    case 'decision':
      return texts(member(decision, 'verdict'));
    case 'reason':
      return texts(member(decision, 'reason'));
    case 'rule': {
      const stages = member(decision, 'stages');
      return Array.isArray(stages)
        ? stages.flatMap((stage: unknown) => (Array.isArray(stage) ? texts(...(stage as unknown[]).slice(2)) : []))
        : [];
    }
    default:
      return texts(event[field]);
  }
}

const texts = (...values: readonly unknown[]): string[] => values.filter((value) => typeof value === 'string');

function numberOf(field: string, { event, index }: PlacedEvent): number | null {
  if (field === 'index') return index;
  const value = event[field];
  if (field === 'time') return typeof value === 'string' ? Date.parse(value) : null;
  return typeof value === 'number' ? value : null;
}
