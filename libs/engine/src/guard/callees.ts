import type { Database } from '@writ/database';
import type { TenantAuthority } from '@writ/policy';
import {
  getDefinition,
  type ModelDefinition,
  type ServerDefinition,
  type ServiceDefinition,
  type ToolDefinition,
} from '@writ/registry';

/** A tool or a model that guardrails may ask, in its newest version, and what it is reached by. */
export interface Callee {
  readonly digest: string;
  readonly definition: ToolDefinition | ModelDefinition;
  readonly servers: ReadonlyMap<string, { readonly definition: ServerDefinition }>;
  readonly services: ReadonlyMap<string, { readonly definition: ServiceDefinition }>;
}

/** Which of a guardrail's members names whom it asks. */
interface Called {
  readonly tool?: string | undefined;
  readonly model?: string | undefined;
}

/**
 * Whom guardrails ask. They are the policy's and no run's, so no bill pins them: the newest version is asked, and which one
 * it was is in the evidence. Publishing raises the authority epoch, so what is held for one epoch is the newest.
 */
export class Callees {
  readonly #held = new Map<string, { readonly epoch: number; readonly callee: Callee | null }>();

  constructor(private readonly db: Database) {}

  /** Null where no such tool or model is published. */
  async of(
    { tenant, epochs }: Pick<TenantAuthority, 'tenant' | 'epochs'>,
    { tool, model }: Called,
  ): Promise<Callee | null> {
    const kind = tool === undefined ? 'model' : 'tool';
    const name = tool ?? model ?? '';
    const key = `${tenant} ${kind} ${name}`;
    const known = this.#held.get(key);
    if (known?.epoch === epochs.tenant) return known.callee;
    const callee = await this.#load(tenant, kind, name);
    if (this.#held.size >= MOST_HELD) this.#held.clear();
    this.#held.set(key, { epoch: epochs.tenant, callee });
    return callee;
  }

  #load(tenant: TenantAuthority['tenant'], kind: 'tool' | 'model', name: string): Promise<Callee | null> {
    return this.db.withTenant(tenant, async (tx) => {
      const found = await getDefinition(tx, { tenant, kind, name });
      if (!found) return null;
      const definition = found.definition as Callee['definition'];
      const servers = new Map<string, { readonly definition: ServerDefinition }>();
      const services = new Map<string, { readonly definition: ServiceDefinition }>();
      const { endpoint } = definition.kind === 'tool' ? definition : { endpoint: null };
      if (endpoint?.type === 'mcp') {
        const server = await getDefinition(tx, { tenant, kind: 'mcp_server', name: endpoint.server });
        if (server) servers.set(endpoint.server, { definition: server.definition as ServerDefinition });
      }
      if (endpoint?.type === 'http') {
        const service = await getDefinition(tx, { tenant, kind: 'http_service', name: endpoint.service });
        if (service) services.set(endpoint.service, { definition: service.definition as ServiceDefinition });
      }
      return { digest: found.digest, definition, servers, services };
    });
  }
}

const MOST_HELD = 1_024;
