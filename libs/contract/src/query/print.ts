import type { QueryNode, QueryTest } from './ast';

/** A query as text: `parseQuery` reads it as the same tree. */
export function printQuery(root: QueryNode | null): string {
  return root === null ? '' : print(root);
}

function print(node: QueryNode): string {
  switch (node.kind) {
    case 'and':
      return node.items.map((item) => (item.kind === 'or' ? `(${print(item)})` : print(item))).join(' ');
    case 'or':
      return node.items.map(print).join(' OR ');
    case 'not':
      return `-${node.item.kind === 'and' || node.item.kind === 'or' ? `(${print(node.item)})` : print(node.item)}`;
    case 'field':
      return `${node.field}:${node.tests.map(printTest).join(',')}`;
    case 'text':
      return printText(node.text);
  }
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Free text is bare only where nothing of it could be read as something else. */
const printText = (text: string): string =>
  /^[^\s"(),:-][^\s"(),:]*$/.test(text) && text !== 'OR' && text !== 'AND' ? text : quote(text);

const PLAIN_VALUE = /^[^\s"(),<>*][^\s"(),*]*$/;
const printValue = (value: string): string => (PLAIN_VALUE.test(value) && !value.includes('..') ? value : quote(value));

function printTest(test: QueryTest): string {
  switch (test.kind) {
    case 'is':
      return printValue(test.value);
    case 'starts':
      return `${test.value === '' ? '' : printValue(test.value)}*`;
    case 'compare':
      return `${test.op}${test.value}`;
    case 'range':
      return `${test.from ?? ''}..${test.to ?? ''}`;
  }
}
