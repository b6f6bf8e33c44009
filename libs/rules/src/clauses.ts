import type { Json } from '@writ/kernel';
import { type Clause, inWords, recorded, type Trace, type Truth } from './condition';
import { type Facts, Unread } from './facts';
import type { Read } from './path';

/** A value on one side of a clause: how to read it and how to name it. */
export interface Operand {
  readonly text: string;
  readonly read: Read;
  /** False for a constant, which is not worth recording. */
  readonly varies: boolean;
}

/** What a test over read values answers: a truth, or why there is none. */
export type Verdict = boolean | Unread;

/** A clause over one or two operands, both of which must be readable. */
export function comparison(text: string, operands: readonly Operand[], test: (...values: Json[]) => Verdict): Clause {
  const [left, right] = operands as readonly [Operand, Operand | undefined];
  const decide = (facts: Facts, trace: Trace | null): Verdict => {
    const a = readInto(left, facts, trace);
    const b = right === undefined ? null : readInto(right, facts, trace);
    if (a instanceof Unread) return a;
    if (b instanceof Unread) return b;
    return test(a, b);
  };
  return leaf(text, left, decide);
}

/** `exists` and `absent`: the one way to ask about absence. What nobody looked up is unknown, not absent. */
export function presence(text: string, operand: Operand, wanted: boolean): Clause {
  return leaf(text, operand, (facts, trace) => {
    const value = readInto(operand, facts, trace);
    if (!(value instanceof Unread)) return (value !== null) === wanted;
    return value.kind === 'absent' ? !wanted : value;
  });
}

function readInto(operand: Operand, facts: Facts, trace: Trace | null): Json | Unread {
  const value = operand.read(facts);
  if (trace && operand.varies && !(value instanceof Unread)) trace.read[operand.text] = recorded(value);
  return value;
}

/** A clause that reads nothing but the time. */
export function timed(text: string, test: (now: number) => boolean): Clause {
  const now: Operand = { text: 'time.now', varies: true, read: (facts) => facts.now };
  return comparison(text, [now], (value) => test(value as number));
}

/** A path into the resource, alone or with a text before or after it taken on or off. */
const OF_RESOURCE = /^(?:\S+ before )?resource\./;

function leaf(text: string, got: Operand, decide: (facts: Facts, trace: Trace | null) => Verdict): Clause {
  return {
    text,
    test(facts, trace) {
      const verdict = decide(facts, trace);
      if (!(verdict instanceof Unread)) return (trace.read[text] = verdict);
      trace.read[text] = 'error';
      trace.error ??= verdict.reason;
      return 'error';
    },
    blame(facts) {
      const verdict = decide(facts, null);
      if (verdict === true) return null;
      if (verdict instanceof Unread) return `${text}: ${verdict.reason}`;
      const value = got.read(facts);
      if (value instanceof Unread) return `${text}: ${value.reason}`;
      const whose = OF_RESOURCE.test(got.text) && facts.resource ? facts.resource : null;
      return `${text}: got ${inWords(value)}${whose === null ? '' : ` for ${whose.type} ${inWords(whose.id)}`}`;
    },
  };
}

/**
 * Strong three-valued logic: `false` settles an `all` and `true` an `any` whatever the others would have said; an error
 * stays an error under `not`. Every clause is evaluated, so the record is complete and its shape does not depend on
 * order.
 */
export function all(clauses: readonly Clause[]): Clause {
  return {
    text: clauses.map((clause) => clause.text).join(' and '),
    test: fold(clauses, false),
    blame: (facts) => {
      const missing = clauses.map((clause) => clause.blame(facts)).filter((one) => one !== null);
      return missing.length === 0 ? null : missing.join(' and ');
    },
  };
}

export function any(clauses: readonly Clause[]): Clause {
  return {
    text: `(${clauses.map((clause) => clause.text).join(' or ')})`,
    test: fold(clauses, true),
    blame: (facts) => {
      const missing = clauses.map((clause) => clause.blame(facts));
      return missing.includes(null) ? null : missing.join(' or ');
    },
  };
}

/** Evaluates every clause; one that equals `settling` settles them all. */
function fold(clauses: readonly Clause[], settling: boolean): Clause['test'] {
  return (facts, trace) => {
    let settled = false;
    let erred = false;
    for (const clause of clauses) {
      const truth = clause.test(facts, trace);
      if (truth === settling) settled = true;
      else if (truth === 'error') erred = true;
    }
    return settled ? settling : erred ? 'error' : !settling;
  };
}

export function not(clause: Clause): Clause {
  const text = `not ${clause.text.startsWith('(') ? clause.text : `(${clause.text})`}`;
  const invert = (truth: Truth): Truth => (truth === 'error' ? truth : !truth);
  return {
    text,
    test: (facts, trace) => (trace.read[text] = invert(clause.test(facts, trace))),
    blame: (facts) => {
      const trace: Trace = { read: {}, error: null };
      const truth = invert(clause.test(facts, trace));
      return truth === true ? null : truth === 'error' ? `${text}: ${trace.error}` : text;
    },
  };
}
