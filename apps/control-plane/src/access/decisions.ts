import type { Database } from '@writ/database';
import { type Clock, type Failure, type JsonObject, refuse, ok, type Result, type TenantId } from '@writ/kernel';
import {
  type AuthorityStore,
  decide,
  type Decision,
  type DecisionRequest,
  outside,
  type TenantAuthority,
} from '@writ/policy';
import { honoured } from './answer';
import { chainOf, type Question } from './questions';
import type { EvaluationRecorder } from './recorder';

type Directory = ReadonlyMap<string, JsonObject>;
type Key = { readonly type: string; readonly id: string };

/** Who asks: named in the evidence. */
export interface Asker {
  readonly tenant: TenantId;
  readonly by: string;
  readonly trace: string;
}

export interface Made {
  readonly request: DecisionRequest;
  readonly decision: Decision;
}

/** An administrator who changes the policy all the time cannot keep others from an answer for ever. */
const MOST_ROUNDS = 5;
const RESTLESS: Failure = {
  code: 'unavailable',
  class: 'transient',
  message: `the policy changed ${MOST_ROUNDS} times while this was decided`,
};

const keyOf = ({ type, id }: Key): string => JSON.stringify([type, id]);

/** Decides questions of applications outside: what the directory knows first, then the policy, then the record. */
export class OutsideDecisions {
  constructor(
    private readonly database: Database,
    private readonly authority: AuthorityStore,
    private readonly recorder: EvaluationRecorder,
    private readonly clock: Clock,
  ) {}

  /**
   * Decides questions in their order, as many as `goOn` asks for, and writes down what was decided before it is answered.
   * INVARIANT (I2): no answer without its evidence; where it cannot be written, there is no answer.
   */
  async decide(
    asker: Asker,
    questions: readonly Question[],
    goOn: (decision: Decision) => boolean = () => true,
  ): Promise<Result<readonly Made[]>> {
    const { tenant } = asker;
    const known = await this.known(
      tenant,
      questions.flatMap(({ subject, resource }) => [subject, resource]),
    );
    for (let round = 1; round <= MOST_ROUNDS; round++) {
      const authority = await this.authority.get(tenant);
      const made: Made[] = [];
      for (const question of questions) {
        const one = this.one(authority, question, known);
        made.push(one);
        if (!goOn(one.decision)) break;
      }
      const { by, trace } = asker;
      if (
        await this.recorder.record(
          tenant,
          made.map((one) => ({ ...one, by, trace })),
        )
      )
        return ok(made);
      await this.authority.refresh(tenant);
    }
    return refuse(RESTLESS);
  }

  /** Decides one question; pure but for the time. */
  one(authority: TenantAuthority, question: Question, known: Directory): Made {
    const request = requestOf(authority.tenant, question, { known, now: this.clock.now() });
    const can = honoured(question.context?.['obligations_supported']);
    return { request, decision: decide(authority, request, new Set(['require_approval', ...can])) };
  }

  /** The authority as it is now, for answers that no record holds to an epoch. */
  async current(tenant: TenantId): Promise<TenantAuthority> {
    const held = await this.authority.get(tenant);
    return (await this.authority.newerThan(held)) ?? held;
  }

  /** What the directory knows of these. */
  async known(tenant: TenantId, keys: readonly Key[]): Promise<Directory> {
    const wanted = new Map(keys.map((key) => [keyOf(key), key]));
    const found = await this.database.withTenant(tenant, (tx) =>
      outside.directory.find(tx, tenant, [...wanted.values()]),
    );
    return new Map(found.map((entry) => [keyOf(entry), entry.properties]));
  }
}

/** What the directory knows counts before what the application says. */
function requestOf(
  tenant: TenantId,
  question: Question,
  { known, now }: { readonly known: Directory; readonly now: number },
): DecisionRequest {
  const { subject, action, resource, context } = question;
  const withKnown = (entity: Question['subject']) => ({
    type: entity.type,
    id: entity.id,
    properties: { ...entity.properties, ...known.get(keyOf(entity)) },
  });
  const chain = chainOf(question);
  if (chain === null) throw new Error('a question was decided whose agents cannot be told');
  const { name, properties } = action;
  return outside.requestOf({
    tenant,
    subject: withKnown(subject),
    action: properties === undefined ? { name } : { name, properties },
    resource: withKnown(resource),
    ...(context !== undefined && { context }),
    chain,
    now,
  });
}
