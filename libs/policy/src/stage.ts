import type { Hop } from '@writ/kernel';
import { agentName, type Candidate, type Places } from '@writ/rules';
import type { TenantAuthority } from './authority';
import { type Heard, sampleOf } from './direct/second-hearing';
import { type Case, hear, type Hearing } from './hearing';
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
    const candidates = this.candidates(question);
    const facts = this.facts(question);
    const about: Case = {
      tenant: authority.tenant,
      snapshot,
      facts,
      request:
        question.section === 'action'
          ? (via) => [via, tenant, object, action]
          : (via) => [via, receiver, tenant, request.handoff!.purpose],
    };
    const hearing = hear(candidates, about);
    if (snapshot.matching.isDue()) this.#lookAgain(question, about.request, { candidates, hearing, facts });
    return hearing;
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

  /** Another hearing of the same, elsewhere and later. A handoff is asked of the agent's name alone. */
  #lookAgain(
    { section, names, subject }: StageQuestion,
    columns: Case['request'],
    heard: Omit<Heard, 'section' | 'requests'>,
  ): void {
    const about =
      section === 'action'
        ? ({ section: 'p', requests: names.map(columns) } as const)
        : ({ section: 'p2', requests: [columns(subject)] } as const);
    this.snapshot.matching.look(sampleOf({ ...about, ...heard }));
  }

  #about(): Places<ActionEntry> {
    return (this.#places ??= this.snapshot.actions.places(this.request.action, this.#object));
  }
}
