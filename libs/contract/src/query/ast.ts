/** Place in the text a query was read from: UTF-16 offsets, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type CompareOp = '>' | '>=' | '<' | '<=';

/** One value of a field, as it was spelled; what it means is the field's to say. */
export type QueryTest =
  | { readonly kind: 'is'; readonly value: string }
  /** `value*` */
  | { readonly kind: 'starts'; readonly value: string }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly value: string }
  /** `from..to`, open at one end when that is null. */
  | { readonly kind: 'range'; readonly from: string | null; readonly to: string | null };

/**
 * A query as a tree. `and` and `or` have at least two items and never stand directly inside their own kind.
 * Spans are where each part was read; equality of queries is equality without them.
 */
export type QueryNode =
  | { readonly kind: 'and' | 'or'; readonly items: readonly QueryNode[]; readonly span: Span }
  | { readonly kind: 'not'; readonly item: QueryNode; readonly span: Span }
  /** Holds when any of the tests does. */
  | { readonly kind: 'field'; readonly field: string; readonly tests: readonly QueryTest[]; readonly span: Span }
  | { readonly kind: 'text'; readonly text: string; readonly span: Span };

export type FieldNode = Extract<QueryNode, { kind: 'field' }>;

export const NOWHERE: Span = { start: 0, end: 0 };

/** All of these, as one query: null for none. Groups of the same kind are opened, so the tree has one form. */
export function allOf(nodes: readonly QueryNode[]): QueryNode | null {
  return group('and', nodes);
}

export function group(kind: 'and' | 'or', nodes: readonly QueryNode[]): QueryNode | null {
  const items = nodes.flatMap((node) => (node.kind === kind ? node.items : [node]));
  const [first] = items;
  if (!first || items.length === 1) return first ?? null;
  return { kind, items, span: { start: first.span.start, end: items.at(-1)!.span.end } };
}

/** What must hold together, part by part: the chips of a query. `allOf` puts them back. */
export function partsOf(root: QueryNode | null): readonly QueryNode[] {
  if (root === null) return [];
  return root.kind === 'and' ? root.items : [root];
}
