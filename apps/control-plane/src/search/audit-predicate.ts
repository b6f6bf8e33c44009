import type { AuditTest } from '@writ/audit';
import { boundsOf, fieldOf, type QueryNode, type QueryTest } from '@writ/contract';
import type { Predicate } from '@writ/database';
import { nameOf } from './run-predicate';

/** A checked query over the audit log, as what it is searched by. `now` is what relative times count from. */
export function auditPredicate(root: QueryNode | null, now: number): Predicate<AuditTest> {
  if (root === null) return { all: [] };
  switch (root.kind) {
    case 'and':
      return { all: root.items.map((item) => auditPredicate(item, now)) };
    case 'or':
      return { any: root.items.map((item) => auditPredicate(item, now)) };
    case 'not':
      return { not: auditPredicate(root.item, now) };
    case 'text':
      return { test: { field: 'text', contains: root.text } };
    case 'field':
      return { any: root.tests.map((test) => ({ test: auditTest(root.field, test, now) })) };
  }
}

function auditTest(name: string, test: QueryTest, now: number): AuditTest {
  const field = fieldOf('audit', name);
  if (!field) throw new Error(`the query asks for ${name} and was not checked`);
  if (field.type === 'number' || field.type === 'time') {
    return { field: field.name, bounds: boundsOf(field, test, now) } as AuditTest;
  }
  if (field.name === 'is')
    return { field: 'is', word: test.kind === 'is' && test.value === 'sealed' ? 'sealed' : 'unsealed' };
  return { field: field.name, name: nameOf(test) } as AuditTest;
}
