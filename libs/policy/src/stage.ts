import type { Hop } from '@writ/kernel';
import { agentName, type Candidate, type Places } from '@writ/rules';
import type { TenantAuthority } from './authority';
import { hear, type Hearing } from './hearing';
import { nearMisses } from './near-miss';
import { initiatorNames, RequestFacts } from './request-facts';
import type { Entry, Snapshot } from './snapshot';
import type { DecisionRequest, NearMiss, Stage } from './types';

/** One question of the pipeline: may this subject, by these names, do what is requested? */
export interface StageQuestion {
  readonly stage: Stage;
  readonly subject: string;
  readonly names: readonly string[];
  readonly hop: Hop | null;
  /** `action` asks section p, `handoff` section p2. */
  readonly section: 'action' | 'handoff';
}

export const hopQuestion = (stage: Stage, hop: Hop, section: StageQuestion['section']): StageQuestion => {
  const subject = agentName(hop.agent);
  return { stage, subject, names: [subject], hop, section };
};

export const initiatorQuestion = (request: DecisionRequest): StageQuestion => ({
  stage: 'initiator',
  subject: request.initiator.id,
  names: initiatorNames(request),
  hop: request.chain.at(-1) ?? null,
  section: 'action',
});

type ActionEntry = Parameters<Snapshot['actions']['candidates']>[0] extends Places<infer E> ? E : never;

/** One request before one policy: what all its stages share is worked out once. */
export class Docket {
  readonly #object: string;
  readonly #receiver: string;
  #places: Places<ActionEntry> | null = null;
  #facts: RequestFacts | null = null;
  #factsOf: Hop | null = null;

  constructor(
    readonly authority: TenantAuthority,
    readonly snapshot: Snapshot,
    readonly request: DecisionRequest,
  ) {
    this.#object = `${request.object.type}:${request.object.id}`;
    this.#receiver = request.handoff ? agentName(request.handoff.to) : '';
  }

  candidates(question: StageQuestion): readonly Candidate<Entry>[] {
    const { snapshot, request } = this;
    return question.section === 'action'
      ? snapshot.actions.candidates(this.#about(), question.names)
      : snapshot.handoffs.candidates(question.subject, this.#receiver, request.handoff!.purpose);
  }

  /** Asks one stage. Every rule that can match is heard; nothing is decided here but this stage's own verdict. */
  ask(question: StageQuestion): Hearing {
    const { authority, snapshot, request } = this;
    const { tenant, action } = request;
    const object = question.section === 'action' ? this.#about().object : '';
    const receiver = this.#receiver;
    return hear(this.candidates(question), {
      tenant: authority.tenant,
      snapshot,
      facts: this.facts(question),
      request:
        question.section === 'action'
          ? (via) => [via, tenant, object, action]
          : (via) => [via, receiver, tenant, request.handoff!.purpose],
    });
  }

  /** Agent and initiator are asked with the same hop acting: they read the same facts. */
  facts({ hop }: StageQuestion): RequestFacts {
    if (this.#facts === null || this.#factsOf !== hop) {
      this.#facts = new RequestFacts(this.request, this.snapshot, hop);
      this.#factsOf = hop;
    }
    return this.#facts;
  }

  /** Why silence was the answer: found only when somebody was denied, and only for readers of the policy. */
  misses(question: StageQuestion, missed: readonly Entry[]): readonly NearMiss[] {
    const { stage, names, section } = question;
    const { actions, handoffs } = this.snapshot;
    const around = section === 'action' ? actions.around(this.#about()) : handoffs.around(this.#receiver);
    return nearMisses({ stage, names, facts: this.facts(question), missed, around });
  }

  #about(): Places<ActionEntry> {
    return (this.#places ??= this.snapshot.actions.places(this.request.action, this.#object));
  }
}
