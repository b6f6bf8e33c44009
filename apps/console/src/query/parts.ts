import { allOf, parseQuery, partsOf, printQuery, type QueryList, type QueryNode } from '@writ/contract';

type FieldNode = Extract<QueryNode, { readonly kind: 'field' }>;

const isPlain = (node: QueryNode, field: string): node is FieldNode =>
  node.kind === 'field' && node.field === field && node.tests.every((test) => test.kind === 'is');

/** The values a query demands of one field, where it simply lists them: what the chips with counts show as chosen. */
export function chosen(text: string, list: QueryList, field: string): readonly string[] {
  const part = partsOf(parseQuery(text, list).root).find((one) => isPlain(one, field));
  return part && isPlain(part, field) ? part.tests.flatMap((test) => (test.kind === 'is' ? [test.value] : [])) : [];
}

/** The query with one value of a field taken in, or out again if it was in. */
export function toggled(text: string, list: QueryList, of: { readonly field: string; readonly value: string }): string {
  const { field, value } = of;
  const parts = partsOf(parseQuery(text, list).root);
  const before = chosen(text, list, field);
  const values = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
  const others = parts.filter((one) => !isPlain(one, field));
  const rest = printQuery(allOf(others));
  const own = values.length === 0 ? '' : `${field}:${values.join(',')}`;
  return [own, rest].filter(Boolean).join(' ');
}

/** The query without what it demands of a field. */
export function without(text: string, list: QueryList, field: string): string {
  return printQuery(allOf(partsOf(parseQuery(text, list).root).filter((one) => !isPlain(one, field))));
}

/** The chips of a query: each part as text, and the query without it. */
export function chips(text: string, list: QueryList): readonly { readonly text: string; readonly rest: string }[] {
  const { root, faults } = parseQuery(text, list);
  if (faults.length > 0) return [];
  const parts = partsOf(root);
  return parts.map((part) => ({
    text: printQuery(part),
    rest: printQuery(allOf(parts.filter((other) => other !== part))),
  }));
}
