import { boundsOf, fieldOf, type QueryNode, type QueryTest } from '@writ/contract';
import type { NameTest, Predicate } from '@writ/database';
import type { RunTest } from '@writ/engine';

/** A checked query over runs, as what the engine searches by. `now` is what relative times count from. */
export function runPredicate(root: QueryNode | null, now: number): Predicate<RunTest> {
  if (root === null) return { all: [] };
  switch (root.kind) {
    case 'and':
      return { all: root.items.map((item) => runPredicate(item, now)) };
    case 'or':
      return { any: root.items.map((item) => runPredicate(item, now)) };
    case 'not':
      return { not: runPredicate(root.item, now) };
    case 'text':
      return { test: { field: 'text', contains: root.text } };
    case 'field':
      return { any: root.tests.map((test) => ({ test: runTest(root.field, test, now) })) };
  }
}

function runTest(name: string, test: QueryTest, now: number): RunTest {
  const field = fieldOf('runs', name);
  if (!field) throw new Error(`the query asks for ${name} and was not checked`);
  if (field.type === 'number' || field.type === 'duration' || field.type === 'time') {
    return { field: field.name, bounds: boundsOf(field, test, now) } as RunTest;
  }
  // The grammar's words are those of the type: a test goes through all of them.
  if (field.name === 'is' || field.name === 'has' || field.name === 'decision') {
    return { field: field.name, word: wordOf(test) } as RunTest;
  }
  return { field: field.name, name: nameOf(test) } as RunTest;
}

const wordOf = (test: QueryTest): string => (test.kind === 'is' ? test.value : '');

/** What a name is asked to be; other tests were refused by the grammar. */
export function nameOf(test: QueryTest): NameTest {
  if (test.kind === 'starts') return { starts: test.value };
  if (test.kind === 'is') return { is: test.value };
  throw new Error(`a name is tested by ${test.kind} and was not checked`);
}
