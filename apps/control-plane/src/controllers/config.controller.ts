import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { activatePolicy, activePolicy, idleRules, type PolicyBundle, validateBundle } from '@writ/policy';
import { type Definition, getDefinition, governing, listDefinitions, publish, validateDocuments } from '@writ/registry';
import { recordChangeIn } from '../authority/change-events';
import { type Ask, Gate } from '../authority/gate';
import { publishedNames } from '../authority/published-names';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { etagMatches } from '../frame/etag';

type Applied = AnswerOf<'applyConfig'>;

@Controller()
export class ConfigController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  @Operation('applyConfig')
  async apply(@ThisCall() call: Call<'applyConfig'>): Promise<Result<Applied>> {
    const { documents, policy, dry_run: dryRun } = call.body;
    const definitions = validateDocuments(documents);
    if (!definitions.ok) return refuse(under('/documents', definitions.failure));
    const bundle = policy === undefined ? ok(null) : validateBundle(policy.bundle);
    if (!bundle.ok) return refuse(under('/policy/bundle', bundle.failure));
    const asks = await this.#asks(tenantOf(call), definitions.value);
    if (bundle.value) asks.push({ action: 'policy.change', object: { type: 'policy', id: 'active' } });
    const act = (tx: Tx): Promise<Result<Applied>> => this.applying(tx, call, bundle.value);
    return this.writes.once(call, { asks, act, rehearse: dryRun });
  }

  /** Each document is its own question, with who answers for what it brings. */
  async #asks(tenant: TenantId, definitions: readonly Definition[]): Promise<Ask[]> {
    const risks = await this.database.withTenant(tenant, (tx) => governing.changeRisks(tx, tenant, definitions));
    return definitions.map((one, i) => ({ ...asksToChange(one), ...(risks[i] && { risk: risks[i] }) }));
  }

  private async applying(tx: Tx, call: Call<'applyConfig'>, bundle: PolicyBundle | null): Promise<Result<Applied>> {
    const tenant = tenantOf(call);
    const author = callerOf(call).principal.id;
    const { documents, dry_run } = call.body;
    const published = await publish(tx, { tenant, author, documents });
    if (!published.ok) return refuse(under('/documents', published.failure));
    const answer = {
      dry_run,
      documents: published.value.map(({ created, ...definition }) => ({ ...definition, changed: created })),
    };
    if (!bundle) return ok({ ...answer, policy: null });
    const current = await activePolicy(tx, tenant);
    const stale = staleness(call.ifMatch, current?.digest ?? null);
    if (stale) return refuse(stale);
    const expected = current?.digest ?? null;
    const activated = await activatePolicy(tx, { tenant, bundle, author, expected }, recordChangeIn(tx));
    if (!activated.ok) return refuse({ ...activated.failure, code: wireCode(activated.failure) });
    const { digest, changed } = activated.value;
    const warnings = idleRules(bundle, await publishedNames(tx, tenant));
    return ok({ ...answer, policy: { digest, changed, warnings } });
  }

  @Operation('listWorkflows')
  async workflows(@ThisCall() call: Call<'listWorkflows'>): Promise<Result<AnswerOf<'listWorkflows'>>> {
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: '*' } });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const page = await this.database.withTenant(tenant, async (tx) => {
      const { data, next } = await listDefinitions(tx, {
        tenant,
        kind: 'workflow',
        limit: call.query.limit,
        after: call.after,
      });
      const whole = [];
      for (const { kind, name, digest } of data) {
        const one = await getDefinition(tx, { tenant, kind, name, digest });
        if (one?.definition.kind === 'workflow') whole.push({ row: one, definition: one.definition });
      }
      return { data: whole, next };
    });
    const data = page.data.map(({ row, definition }) => ({
      name: row.name,
      version: row.version,
      digest: row.digest,
      owner: definition.owner,
      purpose: definition.purpose,
      input: definition.input,
      author: row.author,
      created_at: row.created_at,
    }));
    return ok({ data, next: page.next });
  }

  @Operation('getActivePolicy')
  async active(@ThisCall() call: Call<'getActivePolicy'>): Promise<Result<AnswerOf<'getActivePolicy'>>> {
    const may = await this.gate.ask(call, { action: 'policy.read', object: { type: 'policy', id: 'active' } });
    if (!may.ok) return may;
    const policy = await this.database.withTenant(tenantOf(call), (tx) => activePolicy(tx, tenantOf(call)));
    if (!policy) return refuse({ code: 'not_found', class: 'permanent', message: 'no policy is in force' });
    const { digest, inForce, activatedAt, activatedBy, bundle } = policy;
    return ok({ digest, in_force: inForce, activated_at: activatedAt, activated_by: activatedBy, bundle });
  }
}

/** Servers, services and resolvers are part of the tools they serve. */
function asksToChange(definition: Definition): Ask {
  switch (definition.kind) {
    case 'agent':
      return { action: 'agent.change', object: { type: 'agent', id: definition.name } };
    case 'router':
      return { action: 'agent.change', object: { type: 'agent', id: definition.name } };
    case 'model':
      return { action: 'model.change', object: { type: 'model', id: definition.name } };
    case 'workflow':
      return { action: 'workflow.change', object: { type: 'workflow', id: definition.name } };
    case 'resolver':
      return { action: 'tool.change', object: { type: 'data', id: `${definition.resource}.${definition.attribute}` } };
    case 'tool':
    case 'mcp_server':
    case 'http_service':
      return { action: 'tool.change', object: { type: 'tool', id: definition.name } };
  }
}

/** A policy is replaced only by who has seen the one in force: nobody's change is lost unnoticed. */
function staleness(ifMatch: string | null, current: string | null): Failure | null {
  if (ifMatch === null) {
    return {
      code: 'precondition_required',
      class: 'permanent',
      message: 'replacing a policy takes the If-Match of the one in force',
      next: 'Read GET /v1/policies/active and send its ETag as If-Match.',
    };
  }
  if (current !== null && etagMatches(ifMatch, `"${current}"`)) return null;
  return {
    code: 'version_mismatch',
    class: 'permanent',
    message: `the policy in force is ${current ?? 'none'}, not the one that If-Match names`,
    next: 'Read GET /v1/policies/active, merge, and send its ETag as If-Match.',
    details: { current_etag: current === null ? '' : `"${current}"` },
  };
}

const wireCode = (failure: Failure): string =>
  failure.code === 'version_mismatch' ? 'version_mismatch' : 'schema_violation';

/** A failure's pointers, seen from the body they arrived in. */
function under(prefix: string, failure: Failure): Failure {
  const details = Object.entries(failure.details ?? {}).map(
    ([key, value]) => [key === '' || key.startsWith('/') ? `${prefix}${key}` : key, value] as const,
  );
  return { ...failure, details: Object.fromEntries(details) };
}
