import type { Json } from '@writ/kernel';
import { passesOn } from '@writ/rules';
import { dutiesOf } from '../honour/terms';
import type { Decision, DecisionRequest, Heard, NearMiss, Obligation, RuleMatch } from '../types';
import { ceilingOf } from './ceiling';
import type { FlowPolicy } from './compile';
import { enteredIn, factsOf } from './entered';
import { type FlowHearing, hearFlow, MOST_MISSES, MOST_NAMED } from './flow-stage';
import { type Entered, type Origin, originText } from './provenance';
import { BEYOND_LABELS, TAINTED_SERVICE, UNSHAPED_PAYLOAD } from './rule-ids';
import { leavesOf } from './values';

/** What the stages before have made of the act. */
export interface SoFar {
  /** How the receiver of a handoff would act. */
  readonly mode: Decision['handoffMode'];
  readonly obligations: readonly Obligation[];
}

/**
 * Where values may go: in a call of a tool, to whoever is handed to or given work, to whoever reads what agents share.
 * Null where nothing bounds that.
 */
export function hearLabels(
  flow: FlowPolicy | null,
  request: DecisionRequest,
  before: { soFar(): SoFar },
): FlowHearing | null {
  const { action } = request;
  if (action === 'tool.invoke') {
    if (flow !== null) return hearFlow(flow, request);
    return ceilingOf(request.chain) === null ? null : unkept(request);
  }
  if (passesOn(action)) return hearPassing(flow, request, before.soFar());
  if (action !== 'board.read' && action !== 'message.read') return null;
  const ceiling = ceilingOf(request.chain);
  return ceiling === null ? null : hearHeard(flow, request, { ceiling, serves: false });
}

function hearPassing(
  flow: FlowPolicy | null,
  request: DecisionRequest,
  { mode, obligations }: SoFar,
): FlowHearing | null {
  const imposed = dutiesOf(obligations, 'bound_delegation').map(({ terms }) => terms.labels);
  const ceiling = ceilingOf(request.chain, [request.heard?.labels, ...imposed]);
  const serves = flow !== null && mode === 'service';
  return ceiling === null && !serves ? null : hearHeard(flow, request, { ceiling, serves });
}

/** Nobody kept account of labels, and somebody relies on them: nothing passes (I7). */
const unkept = (request: DecisionRequest): FlowHearing =>
  refused(request, [{ rid: BEYOND_LABELS, read: {}, missing: 'the policy keeps no account of labels' }]);

interface Fault {
  readonly rid: string;
  readonly read: RuleMatch['read'];
  readonly missing: string;
}

const receiverOf = ({ handoff, object }: DecisionRequest): string =>
  handoff ? `agent:${handoff.to}` : `${object.type}:${object.id}`;

function refused(request: DecisionRequest, faults: readonly Fault[]): FlowHearing {
  const matches = faults.map(({ rid, read }): RuleMatch => ({ rid, effect: 'deny', condition: null, read }));
  return { subject: receiverOf(request), matches, obligations: [], denied: true, misses: missesOf(faults) };
}

const missesOf = (faults: readonly Fault[]): readonly NearMiss[] =>
  faults.map(({ rid, missing }): NearMiss => ({ rid, stage: 'flow', subject: '', missing })).slice(0, MOST_MISSES);

const NOTHING_HEARD: Heard = Object.freeze({ parts: Object.freeze({}) });

function hearHeard(
  flow: FlowPolicy | null,
  request: DecisionRequest,
  { ceiling, serves }: { readonly ceiling: ReadonlySet<string> | null; readonly serves: boolean },
): FlowHearing {
  if (flow === null) return unkept(request);
  const { heard = NOTHING_HEARD, run } = request;
  if (request.heard === undefined && run !== undefined) throw new Error('nothing is known of what is handed on');
  const entered = enteredIn(flow, factsOf(request), ceilingOf(request.chain));
  const parts = [...partsOf(heard, entered)];
  const faults: Fault[] = [];
  if (ceiling !== null) {
    const above = namedIn(parts, (label) => !ceiling.has(label), 'is more than it is for');
    if (above) faults.push({ rid: BEYOND_LABELS, ...above });
  }
  const { service } = flow;
  if (serves && service.shaped && heard.shaped !== true) {
    const missing = `${receiverOf(request)} does not say what it takes`;
    faults.push({ rid: UNSHAPED_PAYLOAD, read: {}, missing });
  }
  const tainted = serves ? namedIn(parts, (label) => service.tainted.includes(label), 'goes to a service') : null;
  if (tainted && service.owed === null) faults.push({ rid: TAINTED_SERVICE, ...tainted });
  if (faults.length > 0) return refused(request, faults);
  const subject = receiverOf(request);
  if (!tainted || service.owed === null) {
    return { subject, matches: [], obligations: [], denied: false, misses: [] };
  }
  const asked = { rid: TAINTED_SERVICE, ...tainted };
  return {
    subject,
    matches: [{ rid: asked.rid, effect: 'allow', condition: null, read: asked.read }],
    obligations: [service.owed],
    denied: false,
    misses: missesOf([asked]),
  };
}

type Part = readonly [at: string, origin: Pick<Origin, 'labels'>, from: string];

function* partsOf({ parts, all }: Heard, entered: Entered): Generator<Part> {
  if (all) yield ['all', { labels: [...entered.labels].sort() }, 'all that the run holds'];
  for (const [name, value] of Object.entries(parts)) {
    for (const leaf of leavesOf(value, true)) {
      if (leaf === '') continue;
      const origin = entered.originOf(leaf);
      yield [`/${name}`, origin, originText(origin)];
    }
  }
}

/** The parts that carry a label of these, by their place and where they came from; never their values. */
function namedIn(parts: Iterable<Part>, isBad: (label: string) => boolean, why: string): Omit<Fault, 'rid'> | null {
  const read: Record<string, Json> = {};
  const missing: string[] = [];
  for (const [at, { labels }, from] of parts) {
    const bad = labels.filter(isBad);
    if (bad.length === 0 || Object.hasOwn(read, at) || missing.length >= MOST_NAMED) continue;
    read[at] = from;
    const where = at === 'all' ? 'it would hear all that the run holds' : `${at} came from ${from}`;
    missing.push(`${where}: what is ${bad.join(', ')} ${why}`);
  }
  return missing.length === 0 ? null : { read, missing: missing.join('; ') };
}

/** Labels of everything in a value that goes to another run. */
export function labelsIn(flow: FlowPolicy, request: DecisionRequest, value: Json): readonly string[] {
  const entered = enteredIn(flow, factsOf(request), ceilingOf(request.chain));
  const found = new Set<string>();
  for (const leaf of leavesOf(value, true)) {
    if (leaf !== '') for (const label of entered.originOf(leaf).labels) found.add(label);
  }
  return [...found].sort();
}
