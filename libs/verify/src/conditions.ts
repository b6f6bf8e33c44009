import type { Json } from '@writ/kernel';
import {
  agentName,
  type AttributeSpec,
  type Closure,
  compileCondition,
  type CompiledCondition,
  compileOutside,
  type Facts,
  roleName,
  VALUE_TYPES,
} from '@writ/rules';
import type { DecidedEvent, ReadContext, ReadHop } from './decision';

/** The conditions of a policy and what they may read, as its stored text has them. */
export interface ConditionsText {
  readonly conditions?: { readonly [id: string]: Json };
  readonly attributes?: { readonly [name: string]: { readonly type?: string; readonly max_age_ms?: number } };
  readonly vocabulary?: object;
}

/** One act as far as evidence tells of it. */
export interface KnownAct {
  readonly event: DecidedEvent;
  readonly context: ReadContext;
  /** The agent whose rule is asked; null where nobody acts for the initiator. */
  readonly hop: ReadHop | null;
}

/** Whether a condition was true of an act; null where that takes values that evidence does not hold. */
export type TruthOf = (condition: string, act: KnownAct) => boolean | null;

interface Known {
  readonly test: CompiledCondition;
  /** It asks whether something is there: then what evidence does not hold may not look absent. */
  readonly asksPresence: boolean;
}

/** `prefix` stands before the ids of what the text holds. A condition that cannot be read tells nothing. */
export function conditionsView(text: ConditionsText, roles: Closure, prefix = ''): TruthOf {
  const { conditions = {}, attributes = {}, vocabulary } = text;
  const declared = new Map(Object.entries(attributes).map(([name, spec]) => [name, specOf(spec)] as const));
  const compile = vocabulary === undefined ? compileCondition : compileOutside;
  const known = new Map<string, Known | null>();
  const read = (id: string): Known | null => {
    const expression = Object.hasOwn(conditions, id) ? conditions[id] : undefined;
    const compiled = expression === undefined ? null : compile(id, expression, declared);
    return compiled?.ok ? { test: compiled.value, asksPresence: asksPresence(expression) } : null;
  };
  return (condition, act) => {
    if (!condition.startsWith(prefix)) return null;
    const id = condition.slice(prefix.length);
    let held = known.get(id);
    if (held === undefined) known.set(id, (held = read(id)));
    return held === null ? null : told(held, act, roles);
  };
}

/**
 * INVARIANT: whatever the decision knew and evidence does not hold is not known here either. Conditions are three-valued and
 * monotonic, so a truth that is found with less is the truth that was found with more.
 */
function told({ test, asksPresence }: Known, act: KnownAct, roles: Closure): boolean | null {
  try {
    const { truth } = test.evaluate(new EvidenceFacts(act, roles, asksPresence));
    return truth === 'error' ? null : truth;
  } catch (error) {
    if (error instanceof NotInEvidence) return null;
    throw error;
  }
}

class NotInEvidence extends Error {}

const TIMED = new Set(['action.authorized', 'action.denied', 'action.asked']);

class EvidenceFacts implements Facts {
  readonly attributes = {};
  readonly agent: Facts['agent'];

  constructor(
    private readonly act: KnownAct,
    private readonly closure: Closure,
    private readonly strict: boolean,
  ) {
    const { hop } = act;
    this.agent = hop === null ? null : { id: agentName(hop.agent), digest: hop.digest };
  }

  get initiator(): Facts['initiator'] {
    return new KnownInitiator(this.act.context, this.closure);
  }

  get object(): Facts['object'] {
    if (this.strict || this.act.event.object === null) throw new NotInEvidence();
    return this.act.event.object;
  }

  get resource(): Facts['resource'] {
    return this.#unlessStrict();
  }

  get args(): Facts['args'] {
    return this.#unlessStrict();
  }

  get handoff(): Facts['handoff'] {
    return this.#unlessStrict();
  }

  get outside(): Facts['outside'] {
    this.#unlessStrict();
    return undefined;
  }

  /** Of a step of a run its event tells the time that it was decided at; others tell when they were written. */
  get now(): number {
    const { type, run, time } = this.act.event;
    if (!TIMED.has(type) || run === 'tenant' || time === null) throw new NotInEvidence();
    return time;
  }

  /** Nothing of it is known: what is missing errs, unless the condition asks whether it is missing. */
  #unlessStrict(): null {
    if (this.strict) throw new NotInEvidence();
    return null;
  }
}

class KnownInitiator {
  readonly id: string;

  constructor(
    private readonly context: ReadContext,
    private readonly closure: Closure,
  ) {
    this.id = context.initiator;
  }

  get kind(): string {
    throw new NotInEvidence();
  }

  get roles(): readonly string[] {
    const names = [this.id, ...this.context.roles.map(roleName)];
    const groups = names.flatMap((name) => this.closure.names(name).filter((group) => group.startsWith('role:')));
    return [...new Set(groups)];
  }
}

const PRESENCE = new Set(['exists', 'absent']);

const asksPresence = (expression: Json | undefined): boolean =>
  typeof expression === 'object' &&
  expression !== null &&
  Object.entries(expression).some(([key, value]) => PRESENCE.has(key) || asksPresence(value as Json));

const specOf = ({ type = 'any', max_age_ms: maxAgeMs = 0 }: { type?: string; max_age_ms?: number }): AttributeSpec => ({
  type: VALUE_TYPES.find((one) => one === type) ?? 'any',
  maxAgeMs,
});
