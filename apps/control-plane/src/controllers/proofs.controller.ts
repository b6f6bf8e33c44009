import { Controller, Inject } from '@nestjs/common';
import { Database } from '@writ/database';
import { ApiKeyAuthenticator, credentialOf, noteProof } from '@writ/identity';
import { type Clock, type Failure, ok, refuse, type Result } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { LoginLimit } from '../authority/login-limit';
import { type AnswerOf, type Call, callerOf, Operation, ThisCall } from '../frame/call';
import { CLOCK } from '../tokens';

/** Proving anew who one is, for what the policy wants a fresh proof of. */
@Controller()
export class ProofsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ApiKeyAuthenticator) private readonly keys: ApiKeyAuthenticator,
    @Inject(LoginLimit) private readonly limit: LoginLimit,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Only of oneself, so it needs no right; and it gives none but to say yes to what one was asked. */
  @Operation('prove')
  async prove(@ThisCall() call: Call<'prove'>): Promise<Result<AnswerOf<'prove'>>> {
    this.gate.own(call);
    const caller = callerOf(call);
    const { address, trace } = call.state;
    const within = this.limit.attempt(address);
    if (!within.ok) return within;
    const known = await this.keys.authenticate(`Bearer ${call.body.api_key}`);
    const { tenant, id: principal } = caller.principal;
    const same = known.ok && known.value.principal.tenant === tenant && known.value.principal.id === principal;
    if (!known.ok || !same) {
      this.limit.failed(address);
      return refuse(FAILED);
    }
    const now = this.clock.now();
    const proof = { tenant, principal, credential: credentialOf(caller), key: known.value.key.id };
    await this.database.withTenant(tenant, (tx) => noteProof(tx, proof, { now, trace: trace.traceId }));
    return ok({ principal, proven_at: new Date(now).toISOString() });
  }
}

const FAILED: Failure = {
  code: 'proof_failed',
  class: 'policy',
  message: 'the key sent is no good key of whoever is calling',
  next: 'Send the secret of a key of your own that is in force.',
};
