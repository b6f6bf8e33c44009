import type { Database } from '@writ/database';
import { type Clock, type Failure, type JsonObject, refuse, ok, type Result, type TenantId } from '@writ/kernel';
import {
  access,
  type AccessUse,
  type AuthorityStore,
  decide,
  type Decision,
  type DecisionRequest,
  outside,
  type Snapshot,
  type TenantAuthority,
} from '@writ/policy';
import { honoured } from './answer';
import { boundQuestion, presented } from './bound';
import { ACCESS_REQUESTS } from './drafts';
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
  /** What came of the approval that was presented with the question. */
  readonly use?: AccessUse;
  /** Until when people can be asked about the denial (epoch milliseconds). */
  readonly askUntil?: number;
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
    private readonly drafts: ReadonlySet<string> = new Set(),
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
        const one = await this.withApproval(asker, question, { ...this.one(authority, question, known), authority });
        made.push(one);
        if (!goOn(one.decision)) break;
      }
      const { by, trace } = asker;
      const records = made.map(({ request, decision }) => ({ request, decision, by, trace }));
      if (await this.recorder.record(tenant, records)) return ok(await this.offering(asker, questions, made));
      await this.authority.refresh(tenant);
    }
    return refuse(RESTLESS);
  }

  /** What was denied before, decided anew: nothing is recorded. */
  async again(
    tenant: TenantId,
    question: Question,
  ): Promise<{ readonly made: Made; readonly snapshot: Snapshot | null }> {
    const authority = await this.current(tenant);
    const known = await this.known(tenant, [question.subject, question.resource]);
    return { made: this.one(authority, question, known), snapshot: authority.snapshot };
  }

  refresh(tenant: TenantId): Promise<unknown> {
    return this.authority.refresh(tenant);
  }

  /** What the policy asks people about is allowed by an approval of theirs that fits. */
  private async withApproval(
    asker: Asker,
    question: Question,
    { authority, request, decision }: Made & { readonly authority: TenantAuthority },
  ): Promise<Made> {
    const id = this.drafts.has(ACCESS_REQUESTS) ? presented(question) : null;
    const { snapshot } = authority;
    if (id === null || snapshot === null || decision.verdict !== 'ask') return { request, decision };
    const { tenant, by: enforcer } = asker;
    const now = { tenant, enforcer, question: boundQuestion(question), request, decision, snapshot, now: request.now };
    const use = await this.database.withTenant(tenant, (tx) => access.use(tx, id, now));
    return { request, decision: use.kind === 'granted' ? use.decision : decision, use };
  }

  /** Notes which denials people can be asked about, before they are told so. */
  private async offering(
    { tenant, by: enforcer }: Asker,
    questions: readonly Question[],
    made: readonly Made[],
  ): Promise<readonly Made[]> {
    if (!this.drafts.has(ACCESS_REQUESTS)) return made;
    const offered = made.map((one): Made => {
      const helps = one.use === undefined || (one.use.kind === 'unfit' && one.use.next === 'request');
      return helps && access.isRequestable(one.decision)
        ? { ...one, askUntil: one.decision.at + access.OFFER_MS }
        : one;
    });
    const denials = offered.flatMap(({ decision, askUntil: expiresAt }, i) =>
      expiresAt === undefined
        ? []
        : [{ evaluation: decision.id, enforcer, question: boundQuestion(questions[i]!), expiresAt }],
    );
    if (denials.length > 0) await this.database.withTenant(tenant, (tx) => access.noteDenials(tx, tenant, denials));
    return offered;
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
