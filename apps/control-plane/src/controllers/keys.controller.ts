import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { createKey, listKeys, revokeKey } from '@writ/identity';
import { type Clock, type KeyId, ok, type PrincipalKind, refuse, type Result } from '@writ/kernel';
import { AuthorityStore } from '@writ/policy';
import { type Ask, Gate } from '../authority/gate';
import { GIVES_ROLES, withinCreator } from '../authority/key-grants';
import { meOf } from '../authority/me';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { CLOCK } from '../tokens';

@Controller()
export class KeysController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuthorityStore) private readonly authority: AuthorityStore,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listApiKeys')
  async list(@ThisCall() call: Call<'listApiKeys'>): Promise<Result<AnswerOf<'listApiKeys'>>> {
    const may = await this.gate.ask(call, { action: 'key.manage', object: { type: 'key', id: '*' } });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const query = { limit: call.query.limit, ...(call.after === undefined ? {} : { after: call.after }) };
    return ok(await this.database.withTenant(tenant, (tx) => listKeys(tx, tenant, query)));
  }

  /** A key for somebody else also speaks for them, which is a right of its own. */
  @Operation('createApiKey')
  create(@ThisCall() call: Call<'createApiKey'>): Promise<Result<AnswerOf<'createApiKey'>>> {
    const { principal: creator, scopes } = callerOf(call);
    const principal = call.body.principal ?? creator.id;
    const asks: Ask[] = [{ action: 'key.manage', object: { type: 'key', id: principal } }];
    if (principal !== creator.id) asks.push({ action: 'principal.assert', object: { type: 'role', id: principal } });
    const act = async (tx: Tx): Promise<Result<AnswerOf<'createApiKey'>>> => {
      const authority = await this.authority.get(creator.tenant);
      const givesRoles = await this.gate.allows(call, GIVES_ROLES);
      const wanted = { id: principal, roles: call.body.roles };
      const within = withinCreator(authority, { ...creator, givesRoles }, wanted);
      if (!within.ok) return within;
      const made = await createKey(tx, creator.tenant, {
        key: {
          label: call.body.label,
          principal,
          kind: principal.slice(0, principal.indexOf(':')) as PrincipalKind,
          roles: call.body.roles,
          scopes: call.body.scopes,
          expiresAt: Date.parse(call.body.expires_at),
        },
        creator: { id: creator.id, roles: givesRoles ? wanted.roles : creator.roles, scopes },
        now: this.clock.now(),
      });
      return made.ok ? ok({ ...made.value.key, secret: made.value.token }) : made;
    };
    return this.writes.once(call, { asks, act, forRepeat: (answer) => ({ ...answer, secret: null }) });
  }

  @Operation('revokeApiKey')
  revoke(@ThisCall() call: Call<'revokeApiKey'>): Promise<Result<AnswerOf<'revokeApiKey'>>> {
    const { id } = call.params;
    const by = callerOf(call).principal.id;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'revokeApiKey'>>> => {
      const key = await revokeKey(tx, tenantOf(call), { id: id as KeyId, by });
      if (key) return ok(key);
      return refuse({ code: 'not_found', class: 'permanent', message: `there is no key ${id}` });
    };
    return this.writes.once(call, { asks: [{ action: 'key.manage', object: { type: 'key', id } }], act });
  }

  @Operation('getMe')
  async me(@ThisCall() call: Call<'getMe'>): Promise<Result<AnswerOf<'getMe'>>> {
    return ok(await meOf(this.gate, call));
  }
}
