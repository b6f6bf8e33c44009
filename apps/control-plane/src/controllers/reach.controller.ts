import { Controller, Inject } from '@nestjs/common';
import { Database } from '@writ/database';
import { ok, refuse, type Result } from '@writ/kernel';
import { AuthorityStore, reach } from '@writ/policy';
import { agentPassings, newestDefinitions } from '@writ/registry';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, Operation, tenantOf, ThisCall } from '../frame/call';

/** What the rules in force and the definitions published open between agents, by searching them. */
@Controller()
export class ReachController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuthorityStore) private readonly authority: AuthorityStore,
    @Inject(Gate) private readonly gate: Gate,
  ) {}

  @Operation('getReach')
  async get(@ThisCall() call: Call<'getReach'>): Promise<Result<AnswerOf<'getReach'>>> {
    const may = await this.gate.ask(call, { action: 'policy.read', object: { type: 'policy', id: 'active' } });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const { snapshot } = await this.authority.refresh(tenant);
    if (!snapshot) return refuse({ code: 'not_found', class: 'permanent', message: 'no policy is in force' });
    const published = await this.database.withTenant(tenant, (tx) => newestDefinitions(tx, tenant));
    const agents = agentPassings(published.map(({ definition }) => definition));
    const { tool, from, initiator, deputies } = call.query;
    const { paths, complete } = reach(snapshot, agents, { tool, from, initiator });
    const data = deputies === 'true' ? paths.filter(({ lacking }) => lacking.length > 0) : paths;
    return ok({ policy: snapshot.digest, complete, agents: agents.length, data });
  }
}
