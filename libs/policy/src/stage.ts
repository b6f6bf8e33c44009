import type { Hop } from '@writ/kernel';
import { agentName } from '@writ/rules';
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

export interface Bench {
  readonly authority: TenantAuthority;
  readonly snapshot: Snapshot;
  readonly request: DecisionRequest;
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

export const objectName = (request: DecisionRequest): string => `${request.object.type}:${request.object.id}`;

export function candidatesFor(bench: Bench, question: StageQuestion) {
  const { snapshot, request } = bench;
  if (question.section === 'action') {
    return snapshot.actions.candidates(question.names, request.action, objectName(request));
  }
  const { to, purpose } = request.handoff!;
  return snapshot.handoffs.candidates(question.subject, agentName(to), purpose);
}

/** Asks one stage. Every rule that can match is heard; nothing is decided here but this stage's own verdict. */
export function ask(bench: Bench, question: StageQuestion): Hearing {
  const { authority, snapshot, request } = bench;
  const columns = requestColumns(request, question);
  return hear(candidatesFor(bench, question), {
    tenant: authority.tenant,
    snapshot,
    facts: new RequestFacts(request, snapshot, question.hop),
    request: columns,
  });
}

function requestColumns(request: DecisionRequest, { section }: StageQuestion) {
  const { tenant } = request;
  if (section === 'action') {
    const object = objectName(request);
    return (via: string) => [via, tenant, object, request.action] as const;
  }
  const to = agentName(request.handoff!.to);
  return (via: string) => [via, to, tenant, request.handoff!.purpose] as const;
}

/** Why silence was the answer: found only when somebody was denied, and only for readers of the policy. */
export function missesOf(bench: Bench, question: StageQuestion, missed: readonly Entry[]): readonly NearMiss[] {
  const { snapshot, request } = bench;
  return nearMisses({
    stage: question.stage,
    names: question.names,
    facts: new RequestFacts(request, snapshot, question.hop),
    missed,
    around:
      question.section === 'action'
        ? snapshot.actions.around(request.action, objectName(request))
        : snapshot.handoffs.around(agentName(request.handoff!.to)),
  });
}
