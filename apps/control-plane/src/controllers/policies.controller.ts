import { Controller, Inject } from '@nestjs/common';
import { Database } from '@writ/database';
import { type Clock, type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import {
  AuthorityStore,
  buildWritten,
  decide,
  explaining,
  guarding,
  idleRules,
  type PolicyBundle,
  type Snapshot,
  validateBundle,
} from '@writ/policy';
import { Gate } from '../authority/gate';
import { publishedNames } from '../authority/published-names';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { CLOCK, type Queries, RUN_QUERIES } from '../tokens';

type Authority = Awaited<ReturnType<AuthorityStore['get']>>;
type Replay = AnswerOf<'comparePolicy'>['replay'];

const POLICY = { type: 'policy', id: 'active' } as const;
/** Milliseconds a replay reads past decisions for; what was found by then is its answer. */
const REPLAY_MS = 3_000;

/** What the policies of a tenant say, and what another one would. Nothing is changed. */
@Controller()
export class PoliciesController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuthorityStore) private readonly authority: AuthorityStore,
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listPolicies')
  async list(@ThisCall() call: Call<'listPolicies'>): Promise<Result<AnswerOf<'listPolicies'>>> {
    const may = await this.gate.ask(call, { action: 'policy.read', object: POLICY });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const query = { limit: call.query.limit, ...(call.after === undefined ? {} : { after: call.after }) };
    return ok(await this.database.withTenant(tenant, (tx) => explaining.versions(tx, tenant, query)));
  }

  @Operation('getPolicy')
  async get(@ThisCall() call: Call<'getPolicy'>): Promise<Result<AnswerOf<'getPolicy'>>> {
    const may = await this.gate.ask(call, { action: 'policy.read', object: POLICY });
    if (!may.ok) return may;
    const found = await this.#version(tenantOf(call), call.params.digest);
    return found ? ok(found) : refuse(never(call.params.digest));
  }

  @Operation('comparePolicy')
  async compare(@ThisCall() call: Call<'comparePolicy'>): Promise<Result<AnswerOf<'comparePolicy'>>> {
    const { bundle, digest, against, replay: most } = call.body;
    const may = await this.gate.ask(call, { action: 'policy.read', object: POLICY });
    if (!may.ok) return may;
    if (most > 0) {
      const reads = await this.gate.ask(call, { action: 'decision.explain', object: POLICY });
      if (!reads.ok) return reads;
    }
    const tenant = tenantOf(call);
    const authority = await this.authority.refresh(tenant);
    const { platform } = apartOf(authority.snapshot);
    const other = bundle === undefined ? await this.#kept(tenant, digest!, platform) : await built(bundle, platform);
    if (!other.ok) return other;
    const base = against === undefined ? ok(authority.snapshot) : await this.#kept(tenant, against, platform);
    if (!base.ok) return base;
    const names = await this.database.withTenant(tenant, (tx) => publishedNames(tx, tenant));
    return ok({
      digest: apartOf(other.value).digest!,
      against: apartOf(base.value).digest,
      rules: other.value.ruleCount,
      changes: explaining.compare(base.value, other.value),
      warnings: [
        ...this.#lockedOut(call, { ...authority, snapshot: base.value }, other.value),
        ...idleRules(JSON.parse(other.value.body) as PolicyBundle, names),
      ],
      replay: most === 0 ? null : await this.#replay({ ...authority, snapshot: base.value }, other.value, most),
    });
  }

  /** Whoever puts a policy in force that lets them change it no more should hear of it before. */
  #lockedOut(call: Call<'comparePolicy'>, authority: Authority, other: Snapshot): readonly string[] {
    const { principal } = callerOf(call);
    const { tenant } = authority;
    const asked = { tenant, initiator: principal, chain: [], object: POLICY, now: this.clock.now() } as const;
    const may = (snapshot: Snapshot | null): boolean =>
      decide({ ...authority, snapshot }, { ...asked, action: 'policy.change' }).verdict === 'allow';
    if (!may(authority.snapshot) || may(other)) return [];
    return ['You could not change the policy any more: under this one no rule lets you (policy.change).'];
  }

  async #replay(authority: Authority, other: Snapshot, most: number): Promise<Replay> {
    const { decisions, runs, complete } = await this.queries.recentDecisions(authority.tenant, most, REPLAY_MS);
    const acts = decisions.flatMap(({ decision: { id, verdict, snapshot, reason }, request }) =>
      // A stop is no rule: what it refused no policy would have let pass.
      request === null || reason === 'stopped' ? [] : [{ id, verdict, snapshot, request }],
    );
    const { moved, ...counts } = await explaining.replay(authority, other, acts);
    const views = new Map(decisions.map(({ decision }) => [decision.id, decision]));
    return {
      runs,
      complete,
      skipped: decisions.length - acts.length,
      ...counts,
      moved: moved.map((one) => {
        const { run, action, object, time } = views.get(one.id)!;
        return { ...one, run, action, target: String(object['id'] ?? ''), time };
      }),
    };
  }

  /** A policy the tenant had, as it would be now: with what the platform adds today. */
  async #kept(tenant: TenantId, digest: string, platform: Platform): Promise<Result<Snapshot>> {
    const found = await this.#version(tenant, digest);
    if (!found) return refuse(never(digest));
    const { platform: _then, ...bundle } = found.bundle;
    return built(bundle, platform);
  }

  #version(tenant: TenantId, digest: string) {
    return this.database.withTenant(tenant, (tx) => explaining.version(tx, tenant, digest));
  }
}

type Platform = PolicyBundle['platform'] | null;

/** A policy as its author wrote it, and what the platform adds to it. */
const apartOf = (snapshot: Snapshot | null): { readonly digest: string | null; readonly platform: Platform } =>
  snapshot === null ? { digest: null, platform: null } : guarding.platform.apart(snapshot.body);

async function built(bundle: unknown, platform: Platform): Promise<Result<Snapshot>> {
  const valid = validateBundle(bundle);
  if (!valid.ok) return refuse({ ...valid.failure, code: 'schema_violation' });
  const snapshot = await buildWritten({ ...valid.value, ...(platform && { platform }) });
  return snapshot.ok ? snapshot : refuse({ ...snapshot.failure, code: 'schema_violation' });
}

const never = (digest: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `the tenant never had the policy ${digest}`,
});
