import { canonicalJson, type Json, sha256Hex } from '@writ/kernel';
import type { Literal } from './tests';
import type { World } from './world';

/** Conditions of an imported policy, each once, called by what it says. */
export class Conditions {
  readonly byId = new Map<string, Json>();

  /** Id of the condition that all clauses hold; empty for none. */
  put(clauses: readonly Json[]): string {
    if (clauses.length === 0) return '';
    const expression: Json = clauses.length === 1 ? clauses[0]! : { all: clauses };
    const id = `casbin_${sha256Hex(canonicalJson(expression)).slice(0, 12)}`;
    this.byId.set(id, expression);
    return id;
  }
}

/** Names a role may be written out as. */
const MAX_NAMES = 500;

/** Writes literals of a column as clauses over the request's own names. */
export class ClauseWriter {
  readonly #subject: Json;

  constructor(
    private readonly world: World,
    subjectType: string,
  ) {
    this.#subject = { path: 'initiator.id', without: `${subjectType}:` };
  }

  /** Null for a role of too many members. */
  clause({ place, test, negated }: Literal): Json | null {
    const operand = place === 'object' ? 'object.id' : this.#subject;
    const said = this.#test(operand, test);
    if (said === null || !negated) return said;
    return test.kind === 'is' ? { ne: [operand, { value: test.value }] } : { not: said };
  }

  #test(operand: Json, test: Literal['test']): Json | null {
    switch (test.kind) {
      case 'is':
        return { eq: [operand, { value: test.value }] };
      case 'prefix':
        return { prefix: [operand, test.value] };
      case 'glob':
        return { glob: [operand, test.value] };
      case 'network':
        return { in_network: [operand, test.value] };
      case 'clause':
        return test.clause;
      case 'member': {
        const names = this.world.membersOf(test.section, test.value);
        return names.length > MAX_NAMES ? null : { in: [operand, names] };
      }
    }
  }
}
