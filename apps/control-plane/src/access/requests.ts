import type { Database } from '@writ/database';
import { recordEvaluations } from '@writ/engine';
import { type Clock, type Failure, refuse } from '@writ/kernel';
import { access, type BoundQuestion } from '@writ/policy';
import { isAbout, justification } from './bound';
import type { Asker, OutsideDecisions } from './decisions';
import type { Question } from './questions';

/** Who wants what, after which denial. */
export interface AccessWanted {
  readonly question: Question;
  readonly evaluation: string | null;
  /** Until when at most (epoch milliseconds). */
  readonly until: number | null;
}

type Asked = Awaited<ReturnType<typeof access.request>>;
export type AccessTask = Extract<Asked, { ok: true }>['value'];

const MOST_ROUNDS = 5;

/** Requests for access to things of applications: denials become requests to people, as the profile drafts them. */
export class OutsideRequests {
  constructor(
    private readonly database: Database,
    private readonly decisions: OutsideDecisions,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks people. What was denied is decided again first: they are asked only what the policy asks now. Refuses
   * `invalid_denial_binding`, `expired_denial`, `not_requestable`, `duplicate_request`.
   */
  async ask(asker: Asker, wanted: AccessWanted): Promise<Asked> {
    const { tenant, by, trace } = asker;
    const { evaluation, question } = wanted;
    const of = { tenant, evaluation: evaluation ?? '', enforcer: by };
    const denial = await this.database.withTenant(tenant, (tx) => access.denialOf(tx, of));
    if (!denial || !isAbout(question, denial.question)) return refuse(UNBOUND);
    if (this.clock.now() > denial.expiresAt) return refuse(EXPIRED);
    for (let round = 1; round <= MOST_ROUNDS; round++) {
      const { made, snapshot } = await this.decisions.again(tenant, asQuestion(denial.question, question));
      const { request, decision } = made;
      if (snapshot === null || !access.isRequestable(decision)) return refuse(NOT_REQUESTABLE);
      const asked = await this.database.withTenant(tenant, async (tx) => {
        const recorded = await recordEvaluations(tx, tenant, [{ request, decision, by, trace }]);
        if (!recorded) return null;
        const { until } = wanted;
        const reason = justification(question);
        return access.request(tx, tenant, { denial, request, decision, snapshot, until, reason, now: request.now });
      });
      if (asked !== null) return asked;
      await this.decisions.refresh(tenant);
    }
    return refuse({ code: 'unavailable', class: 'transient', message: 'the policy changes all the time' });
  }

  standing({ tenant, by }: Asker, id: string): Promise<AccessTask | null> {
    const mine = { tenant, id, enforcer: by, now: this.clock.now() };
    return this.database.withTenant(tenant, (tx) => access.standing(tx, mine));
  }

  cancel({ tenant, by }: Asker, id: string): Promise<Asked> {
    const mine = { tenant, id, enforcer: by, now: this.clock.now() };
    return this.database.withTenant(tenant, (tx) => access.cancel(tx, mine));
  }
}

/** What was denied, by the agents that ask now: a request may name these elsewhere, and leaves out nothing of the rest. */
function asQuestion(denied: BoundQuestion, { subject, context }: Question): Question {
  const act = subject.properties?.['act'];
  const { properties } = denied.subject as { readonly properties?: object };
  const withAct = act === undefined ? properties : { ...properties, act };
  const agent = context?.['agent'];
  return {
    ...(denied as unknown as Question),
    subject: {
      ...subject,
      ...(withAct !== undefined && { properties: withAct as NonNullable<typeof subject.properties> }),
    },
    context: { ...denied.context, ...(agent !== undefined && { agent }) },
  };
}

const refusal = (code: string, message: string, next: string): Failure => ({ code, class: 'permanent', message, next });

const UNBOUND = refusal(
  'invalid_denial_binding',
  'no denial of this evaluation_id was given to you about exactly this',
  'Send subject, action, resource and context as they were denied.',
);
const EXPIRED = refusal('expired_denial', 'the denial may be asked about no more', 'Evaluate again.');
const NOT_REQUESTABLE = refusal('not_requestable', 'the policy asks nobody about this', 'Evaluate again.');
