import { boundsOf, fieldOf, type QueryNode, type QueryTest } from '@writ/contract';
import type { Predicate } from '@writ/database';
import type { ApprovalTest } from '@writ/policy';
import { nameOf } from './run-predicate';

/** A checked query over requests, as what the engine searches by. `now` is what relative times count from. */
export function approvalPredicate(root: QueryNode | null, now: number): Predicate<ApprovalTest> {
  if (root === null) return { all: [] };
  switch (root.kind) {
    case 'and':
      return { all: root.items.map((item) => approvalPredicate(item, now)) };
    case 'or':
      return { any: root.items.map((item) => approvalPredicate(item, now)) };
    case 'not':
      return { not: approvalPredicate(root.item, now) };
    case 'text':
      return { test: { field: 'text', contains: root.text } };
    case 'field':
      return { any: root.tests.map((test) => ({ test: approvalTest(root.field, test, now) })) };
  }
}

function approvalTest(name: string, test: QueryTest, now: number): ApprovalTest {
  const field = fieldOf('approvals', name);
  if (!field) throw new Error(`the query asks for ${name} and was not checked`);
  if (field.type === 'time') return { field: field.name, bounds: boundsOf(field, test, now) } as ApprovalTest;
  // The grammar's words are those of the type.
  if (field.name === 'is') return { field: 'is', word: test.kind === 'is' ? test.value : '' } as ApprovalTest;
  return { field: field.name, name: nameOf(test) } as ApprovalTest;
}
