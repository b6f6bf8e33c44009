import { Controller, Inject } from '@nestjs/common';
import { appendTenantEvent, exportLog, type ExportWish, LogReader } from '@writ/audit';
import { matchesEvent, parseQuery } from '@writ/contract';
import { Database, type Tx } from '@writ/database';
import { canonicalJson, type Clock, type Failure, type Json, ok, refuse, type Result, type RunId } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { Raw } from '../frame/answer';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { CLOCK } from '../tokens';

type LogOperation =
  | 'getAuditLog'
  | 'getAuditCheckpoint'
  | 'listAuditCheckpoints'
  | 'getAuditConsistency'
  | 'getAuditTile'
  | 'getAuditEvent'
  | 'getAuditProof'
  | 'exportAudit';

/** A full tile is the same for ever; whoever may read it may keep it, and nobody in between. */
const FOR_EVER = { 'cache-control': 'private, max-age=31536000, immutable', vary: 'authorization' };

/**
 * The log itself: how it stands, its checkpoints, tiles and proofs, and the export. What is only hashes is read without a
 * record; otherwise a reader that follows the log would make it grow by reading.
 */
@Controller()
export class AuditLogController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('getAuditLog')
  async log(@ThisCall() call: Call<'getAuditLog'>): Promise<Result<AnswerOf<'getAuditLog'>>> {
    return this.reading(call, async (log) => {
      const { checkpoint, reason, keys, sequencer, ...status } = await log.status();
      return ok({
        origin: status.origin,
        generation: status.generation,
        state: status.state,
        reason: reason && { code: reason.code, message: reason.message, next: reason.next ?? null },
        size: status.size,
        root: checkpoint && toBase64(checkpoint.root),
        checkpoint_at: checkpoint && checkpoint.at.toISOString(),
        lag_ms: status.lagMs,
        unsealed: status.unsealed,
        unsealed_capped: status.unsealedCapped,
        keys: keys.map(({ vkey, keyId, fromSize, untilSize }) => ({
          vkey,
          key_id: keyId,
          from_size: fromSize,
          until_size: untilSize,
        })),
        sequencer: { leading: sequencer.leading, beat_at: sequencer.beatAt?.toISOString() ?? null },
      });
    });
  }

  @Operation('getAuditCheckpoint')
  async checkpoint(@ThisCall() call: Call<'getAuditCheckpoint'>): Promise<Result<Raw>> {
    return this.reading(call, async (log) => {
      const newest = await log.newest();
      return newest.ok ? ok(new Raw('text/plain; charset=utf-8', newest.value.text)) : newest;
    });
  }

  @Operation('listAuditCheckpoints')
  async checkpoints(@ThisCall() call: Call<'listAuditCheckpoints'>): Promise<Result<AnswerOf<'listAuditCheckpoints'>>> {
    const { limit } = call.query;
    const before = call.after === undefined ? undefined : (JSON.parse(call.after) as [number, number]);
    return this.reading(call, async (log) => {
      const rows = await log.checkpoints({ limit: limit + 1, ...(before && { before }) });
      const data = rows.slice(0, limit);
      const last = data.at(-1);
      const next = rows.length > limit && last ? JSON.stringify([last.generation, last.size]) : null;
      return ok({ data: data.map(checkpointView), next });
    });
  }

  @Operation('getAuditConsistency')
  async consistency(@ThisCall() call: Call<'getAuditConsistency'>): Promise<Result<AnswerOf<'getAuditConsistency'>>> {
    const { from, to = null } = call.query;
    return this.reading(call, async (log) => {
      const proved = await log.proveTrees({ from, to });
      if (!proved.ok) return proved;
      const { origin, fromRoot, toRoot, proof } = proved.value;
      const roots = { from_root: toBase64(fromRoot), to_root: toBase64(toRoot) };
      return ok({ origin, from, to: proved.value.to, ...roots, proof: proof.map(toBase64) });
    });
  }

  @Operation('getAuditTile')
  async tile(@ThisCall() call: Call<'getAuditTile'>): Promise<Result<Raw>> {
    return this.reading(call, async (log) => {
      const served = await log.tile(`tile/${call.params.tile}`);
      if (!served.ok) return served;
      const { bytes, full } = served.value;
      return ok(new Raw('application/octet-stream', bytes, full ? FOR_EVER : {}));
    });
  }

  /** The event and the record that it was read are one transaction. */
  @Operation('getAuditEvent')
  async event(@ThisCall() call: Call<'getAuditEvent'>): Promise<Result<AnswerOf<'getAuditEvent'>>> {
    return this.reading(call, async (log, tx) => {
      const found = await log.event(call.params.id);
      if (!found) return refuse(noEvent(call.params.id));
      await this.record(tx, call, { action: 'audit.read', object: call.params.id, detail: { events: 1 } });
      return ok({ ...found, event: JSON.parse(found.raw) as { [name: string]: Json } });
    });
  }

  @Operation('getAuditProof')
  async proof(@ThisCall() call: Call<'getAuditProof'>): Promise<Result<AnswerOf<'getAuditProof'> | Raw>> {
    return this.reading<AnswerOf<'getAuditProof'> | Raw>(call, async (log) => {
      const found = await log.event(call.params.id);
      if (!found) return refuse(noEvent(call.params.id));
      const { hash, index } = found;
      if (index === null) return refuse(notSealed(call.params.id));
      const { checkpoint, proof, leafHash, tlogProof } = await log.prove({ index, raw: found.raw });
      if (prefersText(call.accept)) {
        return ok(new Raw('text/plain; charset=utf-8', tlogProof));
      }
      return ok({
        event: call.params.id,
        hash,
        leaf_hash: toBase64(leafHash),
        index,
        size: checkpoint.size,
        root: toBase64(checkpoint.root),
        proof: proof.map(toBase64),
        checkpoint: checkpoint.text,
      });
    });
  }

  @Operation('exportAudit')
  async export(@ThisCall() call: Call<'exportAudit'>): Promise<Result<Raw>> {
    const tenant = tenantOf(call);
    const { run, filter, first, last } = call.query;
    const may = await this.gate.ask(call, { action: 'audit.export', object: { type: 'audit', id: run ?? '*' } });
    if (!may.ok) return may;
    const now = this.clock.now();
    const wish: ExportWish = {
      ...(run !== undefined && { run: run as RunId | 'tenant' }),
      ...(first !== undefined && { first }),
      ...(last !== undefined && { last }),
      ...(filter !== undefined && { shows: shownBy(filter, now) }),
      policies: await this.gate.allows(call, { action: 'policy.read', object: { type: 'policy', id: 'active' } }),
      now,
    };
    const lines = await exportLog(this.database, tenant, wish);
    if (!lines)
      return refuse({ code: 'not_found', class: 'permanent', message: 'nothing of this tenant is sealed yet' });
    const asked = canonicalJson(call.query);
    await this.database.withTenant(tenant, (tx) =>
      this.record(tx, call, {
        action: 'audit.export',
        object: run ?? '*',
        detail: { export: true, filter: asked },
      }),
    );
    const name = `${tenant}-${run ?? 'log'}.ndjson`;
    const headers = { 'content-disposition': `attachment; filename="${name}"` };
    return ok(new Raw('application/x-ndjson', lines, headers));
  }

  private async reading<T>(
    call: Call<LogOperation>,
    read: (log: LogReader, tx: Tx) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    const may = await this.gate.ask(call, { action: 'audit.read', object: { type: 'audit', id: '*' } });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    return this.database.withTenant(tenant, (tx) => read(new LogReader(tx, tenant), tx));
  }

  private record(
    tx: Tx,
    call: Call<LogOperation>,
    read: {
      readonly action: 'audit.read' | 'audit.export';
      readonly object: string;
      readonly detail: { readonly [name: string]: string | number | boolean };
    },
  ): Promise<void> {
    return appendTenantEvent(tx, tenantOf(call), {
      type: 'access.read',
      actor: callerOf(call).principal.id,
      action: read.action,
      object: { type: 'audit', id: read.object },
      trace: call.state.trace.traceId,
      detail: { ...read.detail, request_id: call.state.requestId },
    });
  }
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const checkpointView = ({
  size,
  root,
  at,
  generation,
  text,
}: Awaited<ReturnType<LogReader['checkpoints']>>[number]) => ({
  size,
  root: toBase64(root),
  at: at.toISOString(),
  generation,
  text,
});

/** The filter was found without faults when the request was parsed. */
function shownBy(filter: string, now: number): NonNullable<ExportWish['shows']> {
  const { root } = parseQuery(filter, 'audit');
  return ({ index, raw }) =>
    matchesEvent(root, { event: JSON.parse(raw) as { [name: string]: Json }, index, raw }, now);
}

/** Whether plain text was asked for before JSON; what was asked for by nobody is JSON. */
const prefersText = (accept: string | null): boolean => {
  const [text, json] = ['text/plain', 'application/json'].map((media) => accept?.indexOf(media) ?? -1);
  return text! >= 0 && (json! < 0 || text! < json!);
};

const noEvent = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no event ${id}`,
});

const notSealed = (id: string): Failure => ({
  code: 'not_sealed',
  class: 'transient',
  message: `event ${id} is recorded and not yet in the tree`,
  next: 'Ask again in a moment; `GET /v1/audit/log` says how the log stands.',
  details: { retry_after_s: 1 },
});
