import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuditSearch } from '@writ/audit';
import { Database } from '@writ/database';
import {
  type Engine,
  type LiveFeeds,
  type RunCommandsApi,
  type RunQueriesApi,
  StopReports,
  type TriggersApi,
} from '@writ/engine';
import { ApiKeyAuthenticator, SessionAuthenticator } from '@writ/identity';
import { type Clock, randomBytes, systemClock } from '@writ/kernel';
import { AuthorityStore } from '@writ/policy';
import { Answers } from './authority/answers';
import { Gate } from './authority/gate';
import { LoginLimit } from './authority/login-limit';
import { Writes } from './authority/writes';
import { OutsideDecisions } from './access/decisions';
import { EvaluationRecorder } from './access/recorder';
import { OutsideRequests } from './access/requests';
import { OutsideSearch } from './access/search';
import { AccessRequestsController } from './controllers/access-requests.controller';
import { AccessController } from './controllers/access.controller';
import { AdmissionController } from './controllers/admission.controller';
import { ApprovalsController } from './controllers/approvals.controller';
import { AuditController } from './controllers/audit.controller';
import { AuditLogController } from './controllers/audit-log.controller';
import { BatchesController } from './controllers/batches.controller';
import { BudgetsController } from './controllers/budgets.controller';
import { ConfigController } from './controllers/config.controller';
import { PoliciesController } from './controllers/policies.controller';
import { PolicyImportController } from './controllers/policy-import.controller';
import { DecisionsController } from './controllers/decisions.controller';
import { ExplainController } from './controllers/explain.controller';
import { DirectoryController } from './controllers/directory.controller';
import { GuardrailsController } from './controllers/guardrails.controller';
import { InventoryController } from './controllers/inventory.controller';
import { KeysController } from './controllers/keys.controller';
import { LiveController } from './controllers/live.controller';
import { LookupController } from './controllers/lookup.controller';
import { ModelsController } from './controllers/models.controller';
import { QuestionsController } from './controllers/questions.controller';
import { DelegationsController } from './controllers/delegations.controller';
import { ReachController } from './controllers/reach.controller';
import { ReviewsController } from './controllers/reviews.controller';
import { RunForksController } from './controllers/run-forks.controller';
import { RunSearchController } from './controllers/run-search.controller';
import { RunsController } from './controllers/runs.controller';
import { ProofsController } from './controllers/proofs.controller';
import { SessionController } from './controllers/session.controller';
import { StandInsController } from './controllers/stand-ins.controller';
import { StopsController } from './controllers/stops.controller';
import { SubscriptionsController } from './controllers/subscriptions.controller';
import { SystemController } from './controllers/system.controller';
import { TriggersController } from './controllers/triggers.controller';
import { AuthenticateGuard } from './frame/authenticate.guard';
import { Cursors } from './frame/cursor';
import { ParseGuard } from './frame/parse.guard';
import { type StreamLimits, Streams } from './live/streams';
import { TenantEvents } from './live/tenant-events';
import { Readiness } from './readiness';
import { AskedThings } from './search/asked-things';
import { Lookup } from './search/lookup';
import {
  APPROVALS,
  BATCHES,
  QUESTIONS,
  CLOCK,
  DRAFTS,
  LIVE,
  RUN_COMMANDS,
  RUN_QUERIES,
  TRIGGERS,
  VERSION,
} from './tokens';

/** What the server stands on, open and owned by the caller. */
export interface ControlPlaneDeps {
  /** Under the writer role. */
  readonly database: Database;
  readonly authority: AuthorityStore;
  readonly commands: RunCommandsApi;
  readonly queries: RunQueriesApi;
  readonly approvals: Engine['approvals'];
  readonly questions: Engine['questions'];
  readonly live: LiveFeeds;
  readonly triggers: TriggersApi;
  readonly batches: Engine['batches'];
  readonly version: string;
  readonly clock?: Clock;
  /** Signs cursors. Processes that answer for one another share it; by default each has its own until it ends. */
  readonly cursorSecret?: Uint8Array;
  readonly streamLimits?: StreamLimits;
  /** Addresses or networks of proxies whose `X-Forwarded-…` headers are believed; none by default. */
  readonly trustedProxies?: readonly string[];
  /** Bytes; 4 MiB unless told. */
  readonly bodyLimit?: number;
  /** Drafts beside AuthZEN 1.0 that are switched on; none by default. */
  readonly authzenDrafts?: ReadonlySet<string>;
  /** Folder of the built console; `dist/console` unless told. */
  readonly console?: string;
}

@Module({})
export class ControlPlaneModule {
  static over(deps: ControlPlaneDeps): DynamicModule {
    const { database, authority } = deps;
    const clock = deps.clock ?? systemClock;
    const gate = new Gate(database, authority, clock);
    const { approvals, questions, batches } = deps;
    const asked = new AskedThings({ approvals, questions, batches, gate, clock, database });
    const search = new AuditSearch(database);
    const drafts = deps.authzenDrafts ?? new Set<string>();
    const outside = new OutsideDecisions(database, authority, new EvaluationRecorder(database), clock, drafts);
    return {
      module: ControlPlaneModule,
      controllers: [
        LiveController,
        LookupController,
        RunSearchController,
        DelegationsController,
        ReachController,
        GuardrailsController,
        RunForksController,
        RunsController,
        ExplainController,
        DecisionsController,
        AccessController,
        AccessRequestsController,
        DirectoryController,
        ApprovalsController,
        StandInsController,
        QuestionsController,
        ReviewsController,
        InventoryController,
        AuditController,
        AuditLogController,
        StopsController,
        TriggersController,
        BatchesController,
        SubscriptionsController,
        BudgetsController,
        AdmissionController,
        ModelsController,
        ConfigController,
        PoliciesController,
        PolicyImportController,
        KeysController,
        ProofsController,
        SessionController,
        SystemController,
      ],
      providers: [
        { provide: Database, useValue: database },
        { provide: AuthorityStore, useValue: authority },
        { provide: RUN_COMMANDS, useValue: deps.commands },
        { provide: RUN_QUERIES, useValue: deps.queries },
        { provide: QUESTIONS, useValue: deps.questions },
        { provide: APPROVALS, useValue: deps.approvals },
        { provide: LIVE, useValue: deps.live },
        { provide: BATCHES, useValue: deps.batches },
        { provide: TRIGGERS, useValue: deps.triggers },
        { provide: Streams, useValue: new Streams(database, authority, gate, clock, deps.streamLimits) },
        { provide: TenantEvents, useValue: new TenantEvents(database, deps.live, clock) },
        { provide: CLOCK, useValue: clock },
        { provide: VERSION, useValue: deps.version },
        { provide: Gate, useValue: gate },
        { provide: DRAFTS, useValue: drafts },
        { provide: OutsideRequests, useValue: new OutsideRequests(database, outside, clock) },
        { provide: OutsideDecisions, useValue: outside },
        { provide: OutsideSearch, useValue: new OutsideSearch(database, outside) },
        { provide: StopReports, useValue: new StopReports(database) },
        { provide: AuditSearch, useValue: search },
        { provide: Lookup, useValue: new Lookup(database, deps.queries, search, gate, clock, asked) },
        { provide: Writes, useValue: new Writes(database, authority, gate, new Answers()) },
        { provide: Cursors, useValue: new Cursors(deps.cursorSecret ?? randomBytes(32)) },
        { provide: Readiness, useValue: new Readiness(database) },
        { provide: LoginLimit, useValue: new LoginLimit(clock) },
        { provide: SessionAuthenticator, useValue: new SessionAuthenticator(database, clock) },
        { provide: ApiKeyAuthenticator, useValue: new ApiKeyAuthenticator(database, clock) },
        // In this order: who is calling, then what they ask.
        { provide: APP_GUARD, useClass: AuthenticateGuard },
        { provide: APP_GUARD, useClass: ParseGuard },
      ],
    };
  }
}
