import {
  ActionIndex,
  closeOver,
  type Closure,
  HandoffIndex,
  type Link,
  type Outcome,
  type Rule,
  type Sliced,
  TENANT_COLUMN,
} from '@writ/rules';
import { type StockPolicy, stockPolicy } from '../casbin';
import { hear } from '../hearing';
import { inSlices } from '../slices';
import type { Entry } from '../entries';
import { directMatcher } from './direct-matcher';
import { madeUp } from './made-up';
import { projected, storedRules, type StoredRules } from './policy-columns';
import type { Sample } from './sample';

/** Requests our matcher must answer as Casbin does before a snapshot goes by it. */
const REQUESTS = 1_000;

/** What was found: null for agreement, else the first disagreement, in words without any value of a request. */
export type Found = string | null;

/** Index, our matcher and our combiner beside stock Casbin, over requests made up from a stored policy. */
export async function prove(body: string, seed: number): Promise<Found> {
  const all = storedRules(body);
  const policy = { ...all, rules: projected(all.rules) };
  const [stock, own] = [await stockPolicy(policy, TENANT_COLUMN), await ours(policy)];
  let left = REQUESTS;
  for (const { section, request, truths } of madeUp(policy, seed)) {
    const expected = stock.allows(section, request, (id) => truths.get(id) ?? true);
    const answer = own(section, request, truths);
    if (answer !== expected)
      return `a made-up ${section} request: Casbin ${verb(expected)}, our matcher ${verb(answer)}`;
    if (--left === 0) break;
  }
  return null;
}

const verb = (allowed: boolean): string => (allowed ? 'allows' : 'denies');

type Own = (section: 'p' | 'p2', request: Sample['requests'][number], truths: ReadonlyMap<string, boolean>) => boolean;

/** The path a live decision takes, over conditions that answer what they are told to. */
async function ours({ rules, roles, classes }: StoredRules): Promise<Own> {
  let truths: ReadonlyMap<string, boolean> = new Map();
  const closures = { roles: await closure(roles), classes: await closure(classes) };
  const entry = <R extends Rule>(rule: R): Entry<R> => ({
    ...rule,
    owed: [],
    test: told(rule.condition, () => truths),
  });
  const actions = rules.filter((rule) => rule.section === 'p').map(entry);
  const handoffs = rules.filter((rule) => rule.section === 'p2').map(entry);
  const index = await inSlices(ActionIndex.build(actions, closures));
  const passing = await inSlices(HandoffIndex.build(handoffs, closures.roles));
  const snapshot = { ...closures, matching: { matcher: directMatcher } };
  return (section, request, told) => {
    truths = told;
    const [first, second, third, fourth] = request;
    const candidates =
      section === 'p'
        ? index.candidates(index.places(fourth, third), [first])
        : passing.candidates(first, second, fourth);
    return (
      hear(candidates, { tenant: TENANT_COLUMN, snapshot, facts: NO_FACTS, request: () => request }).combined ===
      'allow'
    );
  };
}

async function closure(links: readonly Link[]): Promise<Closure> {
  const closed = await inSlices(
    closeOver(links) as Sliced<ReturnType<typeof closeOver> extends Sliced<infer R> ? R : never>,
  );
  if (!closed.ok) throw new Error(closed.failure.message);
  return closed.value;
}

const NO_FACTS = {
  initiator: { id: '', kind: '', roles: [] },
  agent: null,
  object: { type: '', id: '' },
  resource: null,
  attributes: {},
  args: null,
  handoff: null,
  now: 0,
};

function told(id: string | null, truths: () => ReadonlyMap<string, boolean>): Entry['test'] {
  if (id === null) return null;
  const evaluate = (): Outcome => ({ truth: truths().get(id) ?? true, read: {}, error: null });
  return { id, attributes: [], evaluate, blame: () => null };
}

interface SecondHearing {
  readonly key: string;
  readonly rules: readonly Rule[];
  readonly stock: StockPolicy;
}

/** Of the policy that was asked about last, which is most likely the one that is asked about next. */
let last: SecondHearing | null = null;

async function secondHearing(body: string, { section, held }: Sample): Promise<SecondHearing> {
  const key = `${section} ${body}`;
  if (last?.key === key) return last;
  const all = storedRules(body);
  const own = all.rules.filter((rule) => rule.section === section);
  const rules = projected(own, new Set(Object.keys(held)));
  const found = { key, rules, stock: await stockPolicy({ ...all, rules }, TENANT_COLUMN) };
  // A larger policy is looked at in another part each time.
  last = rules === own ? found : null;
  return found;
}

/** One live hearing again, by stock Casbin over the rules that were heard and others of the same policy. */
export async function again(body: string, sample: Sample): Promise<Found> {
  const { rules, stock } = await secondHearing(body, sample);
  const covered = new Set(sample.covered);
  for (const rule of rules) {
    // A rule that was not heard, though its names match, is a disagreement whatever its condition says.
    const holds = (): boolean => sample.held[rule.rid] ?? true;
    const expected = sample.requests.some((request) => stock.covers(rule, request, holds));
    if (expected !== covered.has(rule.rid)) {
      return `rule ${rule.rid}: to Casbin it ${expected ? 'matches' : 'does not match'}, to our matcher it ${expected ? 'does not' : 'does'}`;
    }
  }
  return null;
}
