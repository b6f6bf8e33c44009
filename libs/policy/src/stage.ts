import type { Hop, TenantId } from '@writ/kernel';
import { agentName, type Begun, type Candidate, type Places } from '@writ/rules';
import type { TenantAuthority } from './authority';
import type { Question } from './casbin';
import { type Heard, sampleOf } from './direct/second-hearing';
import { type Case, hear, type Hearing } from './hearing';
import { nearMisses } from './near-miss';
import { initiatorNames, RequestFacts } from './request-facts';
import type { Entry } from './entries';
import type { Snapshot } from './snapshot';
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

/** One request before one policy: what all its stages share is worked out once. */
export class Docket {
  /** Names of the object, and of whoever receives. */
  readonly #object: string;
  readonly receiver: string;
  #begun: Begun | null = null;
  #places: Places | null = null;
  #facts: RequestFacts | null = null;
  #factsOf: Hop | null = null;

  constructor(
    readonly authority: TenantAuthority,
    readonly snapshot: Snapshot,
    readonly request: DecisionRequest,
  ) {
    this.#object = `${request.object.type}:${request.object.id}`;
    this.receiver = request.handoff ? agentName(request.handoff.to) : '';
  }

  candidates(question: StageQuestion): readonly Candidate<Entry>[] {
    const { snapshot, request } = this;
    return question.section === 'action'
      ? snapshot.actions.candidates(this.#about(question.names[0]), question.names)
      : snapshot.handoffs.candidates(question.subject, this.receiver, request.handoff!.purpose);
  }

  /** Asks one stage. Every rule that can match is heard; nothing is decided here but this stage's own verdict. */
  ask(question: StageQuestion): Hearing {
    // Begun first, and the counter asked before the rules are looked up: all are then on their way from memory at once.
    if (question.section === 'action') this.#begin(question.names[0]);
    const isDue = this.snapshot.matching.isDue();
    const candidates = this.candidates(question);
    const about = new StageCase(this, question);
    const hearing = hear(candidates, about);
    if (isDue) this.#lookAgain(about, { candidates, hearing, facts: about.facts });
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
    const around = section === 'action' ? actions.around(this.#about()) : handoffs.around(this.receiver);
    return nearMisses({ stage, names, facts: this.facts(question), missed, around });
  }

  /** Another hearing of the same, elsewhere and later. A handoff is asked of the agent's name alone. */
  #lookAgain(about: StageCase, heard: Omit<Heard, 'section' | 'requests'>): void {
    const { section, names, subject } = about.question;
    const asked = (name: string): Question['request'] => about.request(name, this.#object);
    const sample =
      section === 'action'
        ? sampleOf({ section: 'p', requests: names.map(asked), ...heard })
        : sampleOf({ section: 'p2', requests: [asked(subject)], ...heard });
    this.snapshot.matching.look(sample);
  }

  #begin(asker = ''): Begun {
    return (this.#begun ??= this.snapshot.actions.begin(this.#object, asker));
  }

  #about(asker?: string): Places {
    return (this.#places ??= this.snapshot.actions.placesOf(this.request.action, this.#begin(asker)));
  }
}

/** One question of the pipeline as rules are put to it. */
class StageCase implements Case {
  readonly tenant: TenantId;
  readonly snapshot: Snapshot;

  constructor(
    private readonly docket: Docket,
    readonly question: StageQuestion,
  ) {
    this.tenant = docket.authority.tenant;
    this.snapshot = docket.snapshot;
  }

  /** Gathered when a condition reads them: not every rule has one. */
  get facts(): RequestFacts {
    return this.docket.facts(this.question);
  }

  request(via: string, object: string): Question['request'] {
    const { request, receiver } = this.docket;
    const { tenant, action } = request;
    return this.question.section === 'action'
      ? [via, tenant, object, action]
      : [via, receiver, tenant, request.handoff!.purpose];
  }
}
