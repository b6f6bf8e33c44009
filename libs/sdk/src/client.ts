import type { OperationId, RequestOf, ResponseOf } from '@writ/contract';
import { type AccessWish, type Authorization, authorizationOf, type BodyOf, decided, requestOf } from './authorize';
import { Caller } from './caller';
import { runStream, runWatch, tenantStream } from './streams';
import type { CallOptions } from './transport';

/** An export takes as long as its reader does. */
const LONG_MS = 86_400_000;

type QueryOf<O extends OperationId> = Omit<NonNullable<RequestOf<O>['query']>, 'cursor'>;

/**
 * The API of one control plane. Answers and errors are those of the contract; failures are `WritError`s.
 * Every POST carries an idempotency key, so a call that was retried took effect once.
 */
export class WritClient extends Caller {
  readonly runs = {
    list: (query: QueryOf<'listRuns'> = {}, call?: CallOptions) => this.list('listRuns', { query }, call),
    start: (body: BodyOf<'startRun'>, call?: CallOptions) => this.call('startRun', { body }, call),
    histogram: (query: QueryOf<'getRunHistogram'> = {}, call?: CallOptions) =>
      this.call('getRunHistogram', { query }, call),
    values: (query: QueryOf<'listRunValues'>, call?: CallOptions) => this.call('listRunValues', { query }, call),
    get: (id: string, call?: CallOptions) => this.call('getRun', { params: { id } }, call),
    timeline: (id: string, call?: CallOptions) => this.call('getRunTimeline', { params: { id } }, call),
    cancel: (id: string, body: BodyOf<'cancelRun'>, call?: CallOptions) =>
      this.call('cancelRun', { params: { id }, body }, call),
    pause: (id: string, body: BodyOf<'pauseRun'>, call?: CallOptions) =>
      this.call('pauseRun', { params: { id }, body }, call),
    resume: (id: string, body: BodyOf<'resumeRun'>, call?: CallOptions) =>
      this.call('resumeRun', { params: { id }, body }, call),
    /** Undoes what a run did that ended without doing so. */
    undo: (id: string, body: BodyOf<'undoRun'>, call?: CallOptions) =>
      this.call('undoRun', { params: { id }, body }, call),
    redrive: (id: string, body: BodyOf<'redriveRun'>, call?: CallOptions) =>
      this.call('redriveRun', { params: { id }, body }, call),
    /** Whether it could go on by newer versions of its definitions; and to have it do so. */
    upgradeChoice: (id: string, query: QueryOf<'getRunUpgrade'> = {}, call?: CallOptions) =>
      this.call('getRunUpgrade', { params: { id }, query }, call),
    upgrade: (id: string, body: BodyOf<'upgradeRun'>, call?: CallOptions) =>
      this.call('upgradeRun', { params: { id }, body }, call),
    /** A run that goes on from an event of this one; nothing is sent unless its effects are live. */
    fork: (id: string, body: BodyOf<'forkRun'>, call?: CallOptions) =>
      this.call('forkRun', { params: { id }, body }, call),
    diff: (query: QueryOf<'diffRuns'>, call?: CallOptions) => this.call('diffRuns', { query }, call),
    signal: (id: string, body: BodyOf<'signalRun'>, call?: CallOptions) =>
      this.call('signalRun', { params: { id }, body }, call),
    note: (id: string, body: BodyOf<'noteRun'>, call?: CallOptions) =>
      this.call('noteRun', { params: { id }, body }, call),
    reconcile: (id: string, body: BodyOf<'reconcileRun'>, call?: CallOptions) =>
      this.call('reconcileRun', { params: { id }, body }, call),
    events: (id: string, query: QueryOf<'listRunEvents'> = {}, call?: CallOptions) =>
      this.list('listRunEvents', { params: { id }, query }, call),
    /** The events of a run as they happen, from `after` on (its start when absent) to its end, over any number of connections. */
    stream: (id: string, query: { readonly after?: number } = {}, call?: CallOptions) =>
      runStream(this.transport, { target: this.target('listRunEvents', { params: { id } }), after: query.after }, call),
    /** The same with what models say before their replies are whole, as `message_delta`. */
    watch: (id: string, query: { readonly after?: number } = {}, call?: CallOptions) =>
      runWatch(
        this.transport,
        { target: this.target('listRunEvents', { params: { id }, query: { deltas: 'true' } }), after: query.after },
        call,
      ),
    delegations: (id: string, call?: CallOptions) => this.call('listRunDelegations', { params: { id } }, call),
    revoke: (
      { run, delegation }: { readonly run: string; readonly delegation: string },
      body: BodyOf<'revokeDelegation'>,
      call?: CallOptions,
    ) => this.call('revokeDelegation', { params: { id: run, delegation }, body }, call),
    decisions: (id: string, query: QueryOf<'listRunDecisions'> = {}, call?: CallOptions) =>
      this.list('listRunDecisions', { params: { id }, query }, call),
  };

  readonly decisions = {
    get: (id: string, call?: CallOptions) => this.call('getDecision', { params: { id } }, call),
    /** All about one that was made: the chain, what would allow it, who could approve. */
    explain: (id: string, call?: CallOptions) => this.call('explainDecision', { params: { id } }, call),
    /** The same about an act that nobody is about to do. */
    can: (body: BodyOf<'explainAct'>, call?: CallOptions) => this.call('explainAct', { body }, call),
    whoCan: (body: BodyOf<'whoCan'>, call?: CallOptions) => this.call('whoCan', { body }, call),
    /** What somebody may do: you, when nobody is named. */
    permissions: (query: QueryOf<'listPermissions'> = {}, call?: CallOptions) =>
      this.call('listPermissions', { query }, call),
  };

  readonly questions = {
    list: (query: QueryOf<'listQuestions'> = {}, call?: CallOptions) => this.list('listQuestions', { query }, call),
    get: (id: string, call?: CallOptions) => this.call('getQuestion', { params: { id } }, call),
    answer: (id: string, body: BodyOf<'answerQuestion'>, call?: CallOptions) =>
      this.call('answerQuestion', { params: { id }, body }, call),
  };

  /** Runs that were drawn for people to look at, and what they found. */
  readonly reviews = {
    list: (query: QueryOf<'listReviews'> = {}, call?: CallOptions) => this.list('listReviews', { query }, call),
    get: (id: string, call?: CallOptions) => this.call('getReview', { params: { id } }, call),
    claim: (id: string, call?: CallOptions) => this.call('claimReview', { params: { id } }, call),
    release: (id: string, call?: CallOptions) => this.call('releaseReview', { params: { id } }, call),
    decide: (id: string, body: BodyOf<'decideReview'>, call?: CallOptions) =>
      this.call('decideReview', { params: { id }, body }, call),
  };

  /** What may run, who answers for it, and how risky it is. */
  readonly inventory = {
    list: (query: QueryOf<'listInventory'> = {}, call?: CallOptions) => this.list('listInventory', { query }, call),
  };

  readonly approvals = {
    list: (query: QueryOf<'listApprovals'> = {}, call?: CallOptions) => this.list('listApprovals', { query }, call),
    count: (call?: CallOptions) => this.call('countApprovals', {}, call),
    get: (id: string, call?: CallOptions) => this.call('getApproval', { params: { id } }, call),
    approve: (id: string, body: BodyOf<'approve'> = {}, call?: CallOptions) =>
      this.call('approve', { params: { id }, body }, call),
    reject: (id: string, body: BodyOf<'reject'> = {}, call?: CallOptions) =>
      this.call('reject', { params: { id }, body }, call),
    /** Takes back what was granted and not used up. */
    revoke: (id: string, body: BodyOf<'revokeApproval'> = {}, call?: CallOptions) =>
      this.call('revokeApproval', { params: { id }, body }, call),
    comment: (id: string, body: BodyOf<'commentApproval'>, call?: CallOptions) =>
      this.call('commentApproval', { params: { id }, body }, call),
    /** Approves with other arguments: they are a request of their own, which this is the first vote for. */
    edit: (id: string, body: BodyOf<'editApproval'>, call?: CallOptions) =>
      this.call('editApproval', { params: { id }, body }, call),
  };

  /** Who decides about requests while somebody is away. */
  /** Questions of an application about its own users and things (OpenID AuthZEN). `authorize` is the short way. */
  readonly access = {
    evaluate: (body: BodyOf<'evaluateAccess'>, call?: CallOptions) => this.call('evaluateAccess', { body }, call),
    evaluateAll: (body: BodyOf<'evaluateAccesses'>, call?: CallOptions) =>
      this.call('evaluateAccesses', { body }, call),
    subjects: (body: BodyOf<'searchSubjects'>, call?: CallOptions) => this.call('searchSubjects', { body }, call),
    resources: (body: BodyOf<'searchResources'>, call?: CallOptions) => this.call('searchResources', { body }, call),
    actions: (body: BodyOf<'searchActions'>, call?: CallOptions) => this.call('searchActions', { body }, call),
    /** Asks people for access that was denied and can be asked for (draft); `requestAccess` is the short way. */
    request: (body: BodyOf<'requestAccess'>, call?: CallOptions) => this.call('requestAccess', { body }, call),
    task: (id: string, call?: CallOptions) => this.call('getAccessRequest', { params: { id } }, call),
    cancel: (id: string, call?: CallOptions) => this.call('cancelAccessRequest', { params: { id } }, call),
    metadata: (call?: CallOptions) => this.call('getAccessMetadata', {}, call),
    tenantMetadata: (tenant: string, call?: CallOptions) =>
      this.call('getTenantAccessMetadata', { params: { tenant } }, call),
  };

  /** What is known of the subjects and resources of applications. */
  readonly directory = {
    list: (query: QueryOf<'listDirectory'> = {}, call?: CallOptions) => this.list('listDirectory', { query }, call),
    get: (type: string, id: string, call?: CallOptions) =>
      this.call('getDirectoryEntry', { query: { type, id } }, call),
    set: (body: BodyOf<'setDirectory'>, call?: CallOptions) => this.call('setDirectory', { body }, call),
    remove: (body: BodyOf<'removeDirectory'>, call?: CallOptions) => this.call('removeDirectory', { body }, call),
  };

  readonly standIns = {
    list: (query: QueryOf<'listStandIns'> = {}, call?: CallOptions) => this.list('listStandIns', { query }, call),
    set: (body: BodyOf<'setStandIn'>, call?: CallOptions) => this.call('setStandIn', { body }, call),
    end: (id: string, body: BodyOf<'endStandIn'>, call?: CallOptions) =>
      this.call('endStandIn', { params: { id }, body }, call),
  };

  readonly audit = {
    events: (query: QueryOf<'listAuditEvents'> = {}, call?: CallOptions) =>
      this.list('listAuditEvents', { query }, call),
    histogram: (query: QueryOf<'getAuditHistogram'> = {}, call?: CallOptions) =>
      this.call('getAuditHistogram', { query }, call),
    values: (query: QueryOf<'listAuditValues'> = {}, call?: CallOptions) =>
      this.call('listAuditValues', { query }, call),
    log: (call?: CallOptions) => this.call('getAuditLog', {}, call),
    /** The newest signed checkpoint, as text. */
    checkpoint: async (call?: CallOptions) => (await this.send('getAuditCheckpoint', {}, call)).text(),
    checkpoints: (query: QueryOf<'listAuditCheckpoints'> = {}, call?: CallOptions) =>
      this.list('listAuditCheckpoints', { query }, call),
    consistency: (query: QueryOf<'getAuditConsistency'>, call?: CallOptions) =>
      this.call('getAuditConsistency', { query }, call),
    /** A tile by its C2SP path without the leading `tile/`. */
    tile: async (tile: string, call?: CallOptions) =>
      new Uint8Array(await (await this.send('getAuditTile', { params: { tile } }, call)).arrayBuffer()),
    event: (id: string, call?: CallOptions) => this.call('getAuditEvent', { params: { id } }, call),
    proof: (id: string, call?: CallOptions) => this.call('getAuditProof', { params: { id } }, call),
    /** The same as a C2SP tlog-proof. */
    tlogProof: async (id: string, call: CallOptions = {}) => {
      const headers = { ...call.headers, accept: 'text/plain' };
      return (await this.send('getAuditProof', { params: { id } }, { ...call, headers })).text();
    },
    /** The export as it arrives; it may be larger than memory. */
    export: async (query: QueryOf<'exportAudit'> = {}, call?: CallOptions) => {
      const { body } = await this.send('exportAudit', { query }, { timeoutMs: LONG_MS, ...call });
      if (!body) throw new Error('the export has no body');
      return body;
    },
  };

  readonly events = {
    list: (query: NonNullable<RequestOf<'listEvents'>['query']> = {}, call?: CallOptions) =>
      this.call('listEvents', { query }, call),
    /** The tenant’s log as it grows, from `after` on (its newest event when absent). Ends only when it is refused or aborted. */
    stream: (query: { readonly filter?: string; readonly after?: number } = {}, call?: CallOptions) =>
      tenantStream(
        this.transport,
        { target: this.target('listEvents', { query: { filter: query.filter } }), after: query.after },
        call,
      ),
  };

  readonly stops = {
    list: (query: QueryOf<'listStops'> = {}, call?: CallOptions) => this.list('listStops', { query }, call),
    set: (body: BodyOf<'setStop'>, call?: CallOptions) => this.call('setStop', { body }, call),
    /** How far it has taken effect: acknowledgements, residue, the runs it ended. */
    get: (id: string, call?: CallOptions) => this.call('getStop', { params: { id } }, call),
    preview: (body: BodyOf<'previewStop'>, call?: CallOptions) => this.call('previewStop', { body }, call),
    drill: (body: BodyOf<'drillStop'>, call?: CallOptions) => this.call('drillStop', { body }, call),
    release: (id: string, body: BodyOf<'releaseStop'>, call?: CallOptions) =>
      this.call('releaseStop', { params: { id }, body }, call),
  };

  /** Many inputs to one workflow, each a run of its own, under one budget. */
  readonly batches = {
    create: (body: BodyOf<'createBatch'>, call?: CallOptions) => this.call('createBatch', { body }, call),
    list: (query: QueryOf<'listBatches'> = {}, call?: CallOptions) => this.list('listBatches', { query }, call),
    get: (id: string, call?: CallOptions) => this.call('getBatch', { params: { id } }, call),
    items: (id: string, query: QueryOf<'listBatchItems'> = {}, call?: CallOptions) =>
      this.list('listBatchItems', { params: { id }, query }, call),
    cancel: (id: string, body: BodyOf<'cancelBatch'>, call?: CallOptions) =>
      this.call('cancelBatch', { params: { id }, body }, call),
  };

  /** Schedules and webhooks that start runs. Messages to a webhook are signed by their sender, not sent from here. */
  readonly triggers = {
    list: (query: QueryOf<'listTriggers'> = {}, call?: CallOptions) => this.list('listTriggers', { query }, call),
    create: (body: BodyOf<'createTrigger'>, call?: CallOptions) => this.call('createTrigger', { body }, call),
    get: (id: string, call?: CallOptions) => this.call('getTrigger', { params: { id } }, call),
    firings: (id: string, query: QueryOf<'listFirings'> = {}, call?: CallOptions) =>
      this.list('listFirings', { params: { id }, query }, call),
    pause: (id: string, body: BodyOf<'pauseTrigger'>, call?: CallOptions) =>
      this.call('pauseTrigger', { params: { id }, body }, call),
    resume: (id: string, body: BodyOf<'resumeTrigger'>, call?: CallOptions) =>
      this.call('resumeTrigger', { params: { id }, body }, call),
    retire: (id: string, body: BodyOf<'retireTrigger'>, call?: CallOptions) =>
      this.call('retireTrigger', { params: { id }, body }, call),
    rotateSecret: (id: string, body: BodyOf<'rotateTriggerSecret'>, call?: CallOptions) =>
      this.call('rotateTriggerSecret', { params: { id }, body }, call),
  };

  readonly admission = {
    get: (call?: CallOptions) => this.call('getAdmission', {}, call),
    set: (body: BodyOf<'setAdmission'>, call?: CallOptions) => this.call('setAdmission', { body }, call),
  };

  /** Who is told what happens, by signed messages. */
  readonly subscriptions = {
    list: (query: QueryOf<'listSubscriptions'> = {}, call?: CallOptions) =>
      this.list('listSubscriptions', { query }, call),
    create: (body: BodyOf<'createSubscription'>, call?: CallOptions) => this.call('createSubscription', { body }, call),
    pause: (id: string, body: BodyOf<'pauseSubscription'>, call?: CallOptions) =>
      this.call('pauseSubscription', { params: { id }, body }, call),
    resume: (id: string, body: BodyOf<'resumeSubscription'>, call?: CallOptions) =>
      this.call('resumeSubscription', { params: { id }, body }, call),
    remove: (id: string, body: BodyOf<'removeSubscription'>, call?: CallOptions) =>
      this.call('removeSubscription', { params: { id }, body }, call),
    test: (id: string, call?: CallOptions) => this.call('testSubscription', { params: { id } }, call),
    deliveries: (id: string, call?: CallOptions) => this.call('listDeliveries', { params: { id } }, call),
  };

  readonly budgets = {
    /** What limits a run now, why, and what is left of it. */
    effective: (run: string, call?: CallOptions) => this.call('getEffectiveLimits', { query: { run } }, call),
    list: (query: QueryOf<'listBudgets'> = {}, call?: CallOptions) => this.list('listBudgets', { query }, call),
    set: (body: BodyOf<'setBudget'>, call?: CallOptions) => this.call('setBudget', { body }, call),
    remove: (id: string, body: BodyOf<'removeBudget'>, call?: CallOptions) =>
      this.call('removeBudget', { params: { id }, body }, call),
  };

  readonly models = {
    list: (query: QueryOf<'listModels'> = {}, call?: CallOptions) => this.list('listModels', { query }, call),
    get: (name: string, call?: CallOptions) => this.call('getModel', { params: { name } }, call),
    /** A new version of the model with this price; runs that have started keep theirs. */
    setPrice: (name: string, body: BodyOf<'setModelPrice'>, call?: CallOptions) =>
      this.call('setModelPrice', { params: { name }, body }, call),
  };

  readonly config = {
    apply: (body: BodyOf<'applyConfig'>, call?: CallOptions) => this.call('applyConfig', { body }, call),
    workflows: (query: QueryOf<'listWorkflows'> = {}, call?: CallOptions) =>
      this.list('listWorkflows', { query }, call),
  };

  readonly guardrails = {
    /** The checks that content has to pass, and what is forbidden absolutely. */
    list: (call?: CallOptions) => this.call('listGuardrails', {}, call),
    /** What they would say of some content. Nothing is kept, and nobody is asked. */
    tryOut: (body: BodyOf<'tryGuardrails'>, call?: CallOptions) => this.call('tryGuardrails', { body }, call),
  };

  readonly policies = {
    /** Which agent can reach which tool, and through whom. */
    reach: (query: QueryOf<'getReach'> = {}, call?: CallOptions) => this.call('getReach', { query }, call),
    /** The policy in force, with the `etag` that replacing it takes as `ifMatch`. */
    active: async (call?: CallOptions) => {
      const response = await this.send('getActivePolicy', {}, call);
      const etag = response.headers.get('etag') ?? '';
      return { etag, policy: (await response.json()) as ResponseOf<'getActivePolicy'> };
    },
    /** Every policy the tenant ever had, newest first. */
    list: (query: QueryOf<'listPolicies'> = {}, call?: CallOptions) => this.list('listPolicies', { query }, call),
    /** One of them, by the digest that decisions name. */
    get: (digest: string, call?: CallOptions) => this.call('getPolicy', { params: { digest } }, call),
    /** What another policy would change. Changes nothing. */
    compare: (body: BodyOf<'comparePolicy'>, call?: CallOptions) => this.call('comparePolicy', { body }, call),
    /** A Casbin model and policy as a bundle, with what differs. Changes nothing. */
    import: (body: BodyOf<'importPolicy'>, call?: CallOptions) => this.call('importPolicy', { body }, call),
  };

  readonly apiKeys = {
    list: (query: QueryOf<'listApiKeys'> = {}, call?: CallOptions) => this.list('listApiKeys', { query }, call),
    create: (body: BodyOf<'createApiKey'>, call?: CallOptions) => this.call('createApiKey', { body }, call),
    revoke: (id: string, call?: CallOptions) => this.call('revokeApiKey', { params: { id } }, call),
  };

  /** For browsers: the cookie is the browser’s to keep, and `csrf` goes back as `X-CSRF-Token` with every write. */
  readonly session = {
    create: (body: BodyOf<'createSession'>, call?: CallOptions) => this.call('createSession', { body }, call),
    get: (call?: CallOptions) => this.call('getSession', {}, call),
    /** Proves anew who is calling, for what the policy wants a fresh proof of. */
    prove: (body: BodyOf<'prove'>, call?: CallOptions) => this.call('prove', { body }, call),
    end: (call?: CallOptions) => this.call('endSession', {}, call),
  };

  readonly system = {
    /** What an id names: any of ours, or a W3C trace id. */
    lookup: (anything: string, call?: CallOptions) => this.call('lookup', { params: { anything } }, call),
    me: (call?: CallOptions) => this.call('getMe', {}, call),
    health: (call?: CallOptions) => this.call('getHealth', {}, call),
    ready: (call?: CallOptions) => this.call('getReadiness', {}, call),
    openApi: (call?: CallOptions) => this.call('getOpenApi', {}, call),
    problem: (code: string, call?: CallOptions) => this.call('getProblem', { params: { code } }, call),
  };

  /**
   * Whether an application may let its user do this. An obligation that this caller did not say it can honour is a no
   * already; those that come with a yes are to be done before it is acted on.
   */
  async authorize(question: BodyOf<'evaluateAccess'>, call?: CallOptions): Promise<Authorization> {
    return authorizationOf(await this.access.evaluate(question, call));
  }

  /**
   * Asks people for what was denied (draft). The task goes on without this process: keep its id. A yes is no access:
   * `authorize` again with `context.approval`, the `result.approval` of the task.
   */
  requestAccess(
    question: BodyOf<'evaluateAccess'>,
    wish: AccessWish & { readonly denial: NonNullable<Authorization['askable']> },
    call?: CallOptions,
  ): Promise<ResponseOf<'requestAccess'>> {
    return this.access.request(requestOf(question, wish), call);
  }

  /** The task once it is decided. Ends only with it, or with the caller's signal. */
  waitForAccess(task: string, call?: CallOptions): Promise<ResponseOf<'getAccessRequest'>> {
    return decided(() => this.access.task(task, call), call?.signal);
  }
}
