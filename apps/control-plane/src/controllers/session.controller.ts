import { Controller, Inject } from '@nestjs/common';
import { Database } from '@writ/database';
import { ApiKeyAuthenticator, createSession, csrfOf, endSession } from '@writ/identity';
import { type Clock, ok, refuse, type Result } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { LoginLimit } from '../authority/login-limit';
import { meOf } from '../authority/me';
import { WithHeaders } from '../frame/answer';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { dropSessionCookie, setSessionCookie } from '../frame/cookie';
import { Streams } from '../live/streams';
import { CLOCK } from '../tokens';

/** Logging in and out, for browsers: an API key changed for a cookie. */
@Controller()
export class SessionController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ApiKeyAuthenticator) private readonly keys: ApiKeyAuthenticator,
    @Inject(LoginLimit) private readonly limit: LoginLimit,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Streams) private readonly streams: Streams,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('createSession')
  async create(@ThisCall() call: Call<'createSession'>): Promise<Result<WithHeaders<AnswerOf<'createSession'>>>> {
    const { address, secure, trace } = call.state;
    const within = this.limit.attempt(address);
    if (!within.ok) return within;
    const known = await this.keys.authenticate(`Bearer ${call.body.api_key}`);
    if (!known.ok) {
      this.limit.failed(address);
      return known;
    }
    call.state.caller = known.value;
    const now = this.clock.now();
    const made = await this.database.withTenant(known.value.principal.tenant, (tx) =>
      createSession(tx, known.value, { now, trace: trace.traceId }),
    );
    const maxAgeS = Math.max(1, Math.floor((Date.parse(made.expiresAt) - now) / 1000));
    const session = { expires_at: made.expiresAt, csrf: csrfOf(made.token) };
    const cookie = setSessionCookie(made.token, { maxAgeS, secure });
    return ok(new WithHeaders({ ...(await meOf(this.gate, call)), session }, { 'set-cookie': cookie }));
  }

  @Operation('getSession')
  async get(@ThisCall() call: Call<'getSession'>): Promise<Result<AnswerOf<'getSession'>>> {
    const { session } = callerOf(call);
    if (!session) return refuse(NO_SESSION);
    const { expires_at, csrf } = session;
    return ok({ ...(await meOf(this.gate, call)), session: { expires_at, csrf } });
  }

  @Operation('endSession')
  async end(@ThisCall() call: Call<'endSession'>): Promise<Result<WithHeaders<AnswerOf<'endSession'>>>> {
    const caller = callerOf(call);
    if (!caller.session) return refuse(NO_SESSION);
    const { secure, trace } = call.state;
    const ended = await this.database.withTenant(tenantOf(call), (tx) =>
      endSession(tx, caller, { trace: trace.traceId }),
    );
    this.streams.recheck();
    return ok(new WithHeaders({ ended }, { 'set-cookie': dropSessionCookie(secure) }));
  }
}

const NO_SESSION = {
  code: 'not_found',
  class: 'permanent',
  message: 'this request came with an API key and no session',
  next: 'Log in with POST /v1/session to have one.',
} as const;
