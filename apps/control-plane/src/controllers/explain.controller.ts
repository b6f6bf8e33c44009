import { Controller, Inject } from '@nestjs/common';
import { Database } from '@writ/database';
import { type KnownPrincipal, knownPrincipals } from '@writ/identity';
import { type Clock, type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { AuthorityStore, explaining } from '@writ/policy';
import { governing } from '@writ/registry';
import { actOf, around, requestOf, supposed } from '../authority/explanations';
import { knownPeople, questionsOfAll } from '../authority/known-people';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { CLOCK, type Queries, RUN_QUERIES } from '../tokens';

const POLICY = { type: 'policy', id: 'active' } as const;
const NOTHING = { chain: [], needs: [], remedies: [], approvers: [] } as const;

/** Why, whether, who and what: questions about the policy in force. Nothing is done, and nothing is recorded. */
@Controller()
export class ExplainController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuthorityStore) private readonly authority: AuthorityStore,
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A decision that was made, and the same asked again under the policy in force and the time it was asked at. */
  @Operation('explainDecision')
  async past(@ThisCall() call: Call<'explainDecision'>): Promise<Result<AnswerOf<'explainDecision'>>> {
    const tenant = tenantOf(call);
    const found = await this.queries.decided(tenant, call.params.id);
    const run = found?.decision.run ? await this.queries.brief(tenant, found.decision.run) : null;
    if (!found || (found.decision.run && !run)) return refuse(noDecision(call.params.id));
    const object = run ? ({ type: 'run', id: run.workflow } as const) : POLICY;
    const may = await this.gate.ask(call, { action: 'decision.explain', object });
    if (!may.ok) return may;
    const { decision, request } = found;
    if (!request) return ok({ decision, now: null, ...NOTHING });
    const explained = await explaining.explain(await this.authority.get(tenant), request, await this.#known(tenant));
    const { verdict, reason } = explained.decision;
    return ok({ decision, now: { verdict, reason, sentence: explained.sentence }, ...around(explained) });
  }

  @Operation('explainAct')
  async act(@ThisCall() call: Call<'explainAct'>): Promise<Result<AnswerOf<'explainAct'>>> {
    const may = await this.gate.ask(call, { action: 'decision.explain', object: POLICY });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const asked = requestOf(tenant, call.body, this.clock.now());
    if (typeof asked === 'string') return refuse(misput(asked));
    const riskOf = await this.database.withTenant(tenant, (tx) => governing.supposedRisk(tx, tenant));
    const authority = await this.authority.get(tenant);
    const risk = riskOf({ ...asked, agents: asked.chain.map(({ agent }) => agent) });
    const request = explaining.passedOn(authority, { ...asked, risk });
    const explained = await explaining.explain(authority, request, await this.#known(tenant));
    const { decision, sentence } = explained;
    const { verdict, reason } = decision;
    return ok({
      decision: supposed(request, decision, sentence),
      now: { verdict, reason, sentence },
      ...around(explained),
    });
  }

  @Operation('whoCan')
  async whoCan(@ThisCall() call: Call<'whoCan'>): Promise<Result<AnswerOf<'whoCan'>>> {
    const may = await this.gate.ask(call, { action: 'decision.explain', object: POLICY });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const now = this.clock.now();
    const held = await this.authority.get(tenant);
    const authority = (await this.authority.newerThan(held)) ?? held;
    const questions = await questionsOfAll(this.database, authority, { body: call.body, now });
    if (questions !== null) return ok({ data: explaining.whoMay(authority, questions) });
    const act = actOf(call.body, now);
    if (typeof act === 'string') return refuse(misput(act));
    const riskOf = await this.database.withTenant(tenant, (tx) => governing.supposedRisk(tx, tenant));
    const known = await knownPeople(this.database, tenant);
    const asked = { known, riskOf: (agents: readonly string[]) => riskOf({ ...act, agents }) };
    return ok({ data: explaining.whoCan(authority, act, asked) });
  }

  /** What somebody may do; one's own is nobody else's secret. */
  @Operation('listPermissions')
  async permissions(@ThisCall() call: Call<'listPermissions'>): Promise<Result<AnswerOf<'listPermissions'>>> {
    const { principal } = callerOf(call);
    const { subject = principal.id } = call.query;
    const tenant = tenantOf(call);
    if (subject === principal.id) this.gate.own(call);
    else {
      const may = await this.gate.ask(call, { action: 'decision.explain', object: POLICY });
      if (!may.ok) return may;
    }
    const known = subject === principal.id ? principal : (await this.#known(tenant)).find(({ id }) => id === subject);
    const who = known ?? { id: subject, roles: [] };
    return ok({ subject, data: explaining.permissionsOf(await this.authority.get(tenant), who) });
  }

  #known(tenant: TenantId): Promise<readonly KnownPrincipal[]> {
    return this.database.withTenant(tenant, (tx) => knownPrincipals(tx, tenant));
  }
}

const noDecision = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no decision ${id}`,
});

const misput = (message: string): Failure => ({ code: 'schema_violation', class: 'permanent', message });
