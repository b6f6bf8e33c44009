import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newId, type TenantId } from '@writ/kernel';
import { buildSnapshot, decide, parseBundle, type TenantAuthority } from '@writ/policy';
import { percentile } from '../numbers';
import { type Ask, asks, type Candidates, requestOf, RULES_A_TENANT, tenantBundle } from './world';

export interface Latency {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
}

export interface Built {
  readonly rules: number;
  readonly authorities: ReadonlyMap<TenantId, TenantAuthority>;
  /** What stands in the names of each tenant's policy; empty where all have the same names. */
  readonly marks: ReadonlyMap<TenantId, string>;
  readonly cost: Cost;
}

export interface Cost {
  readonly ms: number;
  /** Processor time of the building thread: what `ms` would be on a machine that nobody else uses. */
  readonly cpuMs: number;
  /** Longest time between two turns of the event loop, and the processor time spent in the longest turn. */
  readonly stallMs: number;
  readonly stallCpuMs: number;
}

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

setFlagsFromString('--expose-gc');
/** Collects garbage now: what another measurement left behind is not paid for by the next. */
const collect = runInNewContext('gc') as () => void;

/** What `work` cost, and the longest time it held the event loop. */
async function watch<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly cost: Cost }> {
  collect();
  const began = { at: performance.now(), cpu: cpuMs() };
  let last = { ...began };
  let [stallMs, stallCpuMs] = [0, 0];
  let watching = true;
  const look = (): void => {
    const now = { at: performance.now(), cpu: cpuMs() };
    const passed = now.at - last.at;
    stallMs = Math.max(stallMs, passed);
    // The kernel brings a running thread's counter up to date at its ticks, up to 4 ms late: what a turn left uncounted is
    // seen in the next one. No turn takes more processor time than time.
    stallCpuMs = Math.max(stallCpuMs, Math.min(passed, now.cpu - last.cpu));
    last = now;
    if (watching) setImmediate(look);
  };
  setImmediate(look);
  const value = await work();
  watching = false;
  look();
  return { value, cost: { ms: performance.now() - began.at, cpuMs: cpuMs() - began.cpu, stallMs, stallCpuMs } };
}

/** From the text as it is stored to a snapshot ready to decide, and to explain. */
async function buildOne(text: string) {
  const bundle = parseBundle(text);
  if (!bundle.ok) throw new Error(bundle.failure.message);
  const snapshot = await buildSnapshot(bundle.value);
  if (!snapshot.ok) throw new Error(snapshot.failure.message);
  return snapshot.value;
}

/** As in a worker, where tenants without stops share one list. */
const NO_STOPS: TenantAuthority['stops'] = Object.freeze([]);

/** Builds a snapshot of its own for each of the tenants that `rules` make; `own`: with no name in common. */
export async function buildAll(rules: number, own = false): Promise<Built> {
  const tenants = Array.from({ length: Math.ceil(rules / RULES_A_TENANT) }, () => newId('tenant'));
  const marks = new Map<TenantId, string>(own ? tenants.map((tenant, i) => [tenant, `${i}-`]) : []);
  const text = JSON.stringify(tenantBundle());
  const texts = own ? tenants.map((tenant) => JSON.stringify(tenantBundle(marks.get(tenant)))) : null;
  const { value: authorities, cost } = await watch(async () => {
    const built = new Map<TenantId, TenantAuthority>();
    for (const [i, tenant] of tenants.entries()) {
      const snapshot = await buildOne(texts?.[i] ?? text);
      built.set(tenant, { tenant, snapshot, stops: NO_STOPS, epochs: { tenant: 1, platform: 1 } });
    }
    return built;
  });
  return { rules, authorities, marks, cost };
}

/** Takes the place of the thread that holds matchers against Casbin, which is no part of a decision. */
const AGREES = { frozen: false, prove: () => Promise.resolve(true), again: () => undefined };
/** Decisions after which a snapshot has had its first look. */
const UNTIL_LOOK = 1_000;

/** From now on each snapshot matches by itself, as it does once a proof was made. */
export async function goDirect({ authorities }: Built): Promise<void> {
  for (const [tenant, { snapshot }] of authorities) {
    snapshot!.matching.watch(AGREES);
    const [ask] = asks([tenant], 1, 0);
    for (let i = 0; i < UNTIL_LOOK; i++) decide(authorities.get(tenant)!, requestOf(ask!));
  }
  await new Promise(setImmediate);
  if ([...authorities.values()].some(({ snapshot }) => snapshot!.matching.by !== 'direct'))
    throw new Error('by Casbin');
}

/** One bundle near the size limit: the longest single build there can be. */
export async function buildLargest(): Promise<{ readonly rules: number; readonly cost: Cost }> {
  const rules = Array.from(
    { length: 10_000 },
    (_, i) => `p, role:${i % 500}, {tenant}, tool:tool_${i}, tool.invoke, , allow`,
  );
  const text = JSON.stringify({ rules });
  const { value, cost } = await watch(() => buildOne(text));
  return { rules: value.ruleCount, cost };
}

/** Decides for `ms`, each decision timed alone. No verdict is kept: every decision goes through index and Casbin. */
export function time(
  { authorities, marks }: Built,
  shape: { readonly candidates: Candidates; readonly hops: 0 | 1 | 2; readonly ms: number },
): Latency {
  const asked = asks([...authorities.keys()], shape.candidates, shape.hops).map((ask) => ({
    ...ask,
    mark: marks.get(ask.tenant) ?? '',
  }));
  check(authorities, asked);
  const samples: number[] = [];
  const began = performance.now();
  let i = 0;
  for (let now = began; now - began < shape.ms; i++) {
    const ask = asked[i % asked.length]!;
    const request = requestOf(ask);
    const authority = authorities.get(ask.tenant)!;
    const before = performance.now();
    decide(authority, request);
    now = performance.now();
    samples.push((now - before) * 1000);
  }
  return {
    p50Us: percentile(samples, 50),
    p99Us: percentile(samples, 99),
    perSecond: (i / (performance.now() - began)) * 1000,
  };
}

/** A fast wrong answer is not worth timing. */
function check(authorities: Built['authorities'], asked: readonly Ask[]): void {
  for (const ask of asked) {
    const { verdict } = decide(authorities.get(ask.tenant)!, requestOf(ask));
    if (verdict !== (ask.allowed ? 'allow' : 'deny')) throw new Error(`a wrong answer to ${JSON.stringify(ask)}`);
  }
}
