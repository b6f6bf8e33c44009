import { type AttributeSpec, hopsToAsk, isFresh, passesOn, standing } from '@writ/rules';
import type { TenantAuthority } from './authority';
import { isHeldBack } from './guard/guard-stage';
import { beyondMandate } from './mandate';
import type { Entry } from './entries';
import { Docket, hopQuestion, initiatorQuestion, type StageQuestion } from './stage';
import { coveringStop } from './stops';
import type { AttributeNeed, DecisionRequest } from './types';

/**
 * Attributes of the request's resource that its decision reads and that are missing or too old. A clause that is settled
 * without an attribute does not ask for it, and an act that no attribute could save is denied without reading any:
 * what is not needed is not looked at.
 */
export function attributeNeeds(authority: TenantAuthority, request: DecisionRequest): AttributeNeed[] {
  const { snapshot } = authority;
  const { resource } = request;
  if (!resource || snapshot === null || authority.failure) return [];
  if (authority.tenant !== request.tenant || (passesOn(request.action) && !request.handoff)) return [];
  if (coveringStop(authority.stops, request) || beyondMandate(request) !== null) return [];
  // What may not leave does not leave by being looked up either.
  if (snapshot.guardrails !== null && isHeldBack(snapshot, snapshot.guardrails, request)) return [];
  const docket = new Docket(authority, snapshot, request);
  const needed = new Map<string, AttributeNeed>();
  for (const question of questions(docket)) {
    if (!gather(docket, question, needed)) return [];
  }
  return [...needed.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function questions({ snapshot, request }: Docket): StageQuestion[] {
  const section = passesOn(request.action) ? 'handoff' : 'action';
  const current = request.chain.at(-1);
  const hops = hopsToAsk(snapshot.handoffs, request.chain);
  return [
    ...(current ? [hopQuestion('agent', current, section)] : []),
    initiatorQuestion(request),
    ...hops.map((hop) => hopQuestion('delegation', hop, section)),
  ];
}

/** Adds what this stage lacks; false when nothing that is brought can make it allow. */
function gather(docket: Docket, question: StageQuestion, needed: Map<string, AttributeNeed>): boolean {
  const facts = docket.facts(question);
  let hope = question.stage === 'delegation' && question.section === 'handoff';
  const wanted: Entry[] = [];
  for (const { entry } of docket.candidates(question)) {
    const truth = entry.test === null ? true : entry.test.evaluate(facts).truth;
    if (truth === 'error') wanted.push(entry);
    if (entry.effect === 'allow' && standing('allow', truth) !== 'unmatched') hope = true;
  }
  if (!hope) return false;
  for (const { test } of wanted) {
    for (const attribute of test!.attributes) addNeed(docket, attribute, needed);
  }
  return true;
}

function addNeed({ snapshot, request }: Docket, attribute: string, needed: Map<string, AttributeNeed>): void {
  const resource = request.resource!;
  const name = `${resource.type}.${attribute}`;
  const spec = snapshot.attributes.get(name);
  if (spec && !brought(request, name, spec)) needed.set(name, { name, resource, maxAgeMs: spec.maxAgeMs });
}

function brought(request: DecisionRequest, name: string, spec: AttributeSpec): boolean {
  const { attributes = {} } = request;
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return value !== undefined && isFresh(value.at, request.now, spec.maxAgeMs);
}
