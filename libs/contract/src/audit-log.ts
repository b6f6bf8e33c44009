import { z } from 'zod';
import { id, json, named, page, pageQuery, time } from './fields';
import { route } from './route';
import { filter } from './search';

const hash = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, '32 bytes in base64')
  .describe('32 bytes in base64.');
const hex = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal characters');
const size = z.int().min(0);
const exampleHash = 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=';
const exampleOrigin = 'writ/ten_01k8x0q3wsf5z8k2m4n6p8r0t5';
const exampleNote = `${exampleOrigin}\n5121\n${exampleHash}\n\n— ${exampleOrigin} Cxwt…\n`;
const exampleEvent = 'evt_01k8x0q3wsf5z8k2m4n6p8r0t4';

const LogReason = z.object({ code: z.string(), message: z.string(), next: z.string().nullable() });

const AuditLog = named(
  'AuditLog',
  z.object({
    origin: z.string().describe('Name of the log, as its checkpoints and keys carry it.'),
    generation: z.int().min(1).describe('1, or more when the log was opened anew after events were lost.'),
    state: z
      .enum(['empty', 'sealing', 'lagging', 'recovering', 'refusing'])
      .describe(
        '`sealing`: new events are sealed within a second. `lagging`: the oldest unsealed event waits longer than 5 s, and mutating effects wait with it. `recovering`: the log is being sealed anew. `refusing`: nothing is signed; `reason` says why.',
      ),
    reason: LogReason.nullable(),
    size: size.describe('Events in the tree.'),
    root: hash.nullable(),
    checkpoint_at: time.nullable().describe('When the newest checkpoint was signed.'),
    lag_ms: z.number().describe('How long the oldest unsealed event has waited, at most; 0 when all are sealed.'),
    unsealed: z.int().describe('Recorded events that are in no tree yet.'),
    unsealed_capped: z.boolean().describe('True when there are more than were counted.'),
    keys: z
      .array(
        z.object({
          vkey: z.string().describe('C2SP verifier key: name, key id, and the public key in base64.'),
          key_id: z.string().regex(/^[0-9a-f]{8}$/),
          from_size: size.nullable().describe('Size of the first checkpoint it signed; null while only announced.'),
          until_size: size.nullable().describe('Size of the first checkpoint that it does not sign alone.'),
        }),
      )
      .readonly(),
    sequencer: z.object({ leading: z.boolean(), beat_at: time.nullable() }),
  }),
);

const AuditCheckpoint = named(
  'AuditCheckpoint',
  z.object({
    size,
    root: hash,
    at: time,
    generation: z.int().min(1),
    text: z.string().describe('The signed note, exactly as issued (C2SP tlog-checkpoint).'),
  }),
);

const AuditConsistency = named(
  'AuditConsistency',
  z.object({
    origin: z.string(),
    from: size,
    to: size,
    from_root: hash,
    to_root: hash,
    proof: z.array(hash).readonly().describe('RFC 9162 §2.1.4.1.'),
  }),
);

const SealedEvent = named(
  'SealedEvent',
  z.object({
    index: z.int().min(0).nullable().describe('Place in the log; null while the event is not sealed.'),
    hash: hex.describe('SHA-256 of `raw`: the log’s entry.'),
    raw: z.string().describe('The event’s exact bytes, as they were hashed.'),
    event: z.record(z.string(), json).describe('The same, parsed.'),
  }),
);

const AuditProof = named(
  'AuditProof',
  z.object({
    event: id('event'),
    hash: hex.describe('SHA-256 of the event’s bytes: the log’s entry.'),
    leaf_hash: hash.describe('SHA-256(0x00 ‖ entry), RFC 6962 §2.1.'),
    index: z.int().min(0),
    size,
    root: hash,
    proof: z.array(hash).readonly().describe('Leaf’s sibling first, RFC 9162 §2.1.3.1.'),
    checkpoint: z.string().describe('The signed checkpoint of `size`.'),
  }),
);

const params = z.strictObject({ id: id('event') });
const hashesOnly = 'Hashes only, so reading it is not recorded.';

export const auditLogRoutes = {
  getAuditLog: route({
    method: 'GET',
    path: '/v1/audit/log',
    area: 'audit',
    summary: 'How the tenant’s log stands',
    access: ['audit.read'],
    responses: {
      200: {
        description: 'The log as it stands.',
        schema: AuditLog,
        example: {
          origin: exampleOrigin,
          generation: 1,
          state: 'sealing',
          reason: null,
          size: 5121,
          root: exampleHash,
          checkpoint_at: '2026-11-22T09:31:00.412Z',
          lag_ms: 0,
          unsealed: 0,
          unsealed_capped: false,
          keys: [{ vkey: `${exampleOrigin}+0b1c2d3e+A…`, key_id: '0b1c2d3e', from_size: 2, until_size: null }],
          sequencer: { leading: true, beat_at: '2026-11-22T09:31:02.000Z' },
        },
      },
    },
    problems: [],
  }),
  getAuditCheckpoint: route({
    method: 'GET',
    path: '/v1/audit/checkpoint',
    area: 'audit',
    summary: 'The newest checkpoint, as C2SP tlog-tiles serves it',
    description: `A signed note: origin, size, root, signatures. ${hashesOnly}`,
    access: ['audit.read'],
    responses: {
      200: {
        description: 'The signed checkpoint.',
        media: 'text/plain',
        schema: z.string(),
        example: exampleNote,
      },
    },
    problems: ['not_found'],
  }),
  listAuditCheckpoints: route({
    method: 'GET',
    path: '/v1/audit/checkpoints',
    area: 'audit',
    summary: 'Every checkpoint, newest first',
    description: hashesOnly,
    access: ['audit.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of checkpoints.',
        schema: page('AuditCheckpointPage', AuditCheckpoint),
        example: {
          data: [{ size: 5121, root: exampleHash, at: '2026-11-22T09:31:00.412Z', generation: 1, text: exampleNote }],
          has_more: false,
          next_cursor: null,
        },
      },
    },
    problems: [],
  }),
  getAuditConsistency: route({
    method: 'GET',
    path: '/v1/audit/consistency',
    area: 'audit',
    summary: 'Prove that one tree is the beginning of another',
    description: hashesOnly,
    access: ['audit.read'],
    query: z.strictObject({
      from: z.coerce.number<number>().int().min(0).describe('Size of the older tree.'),
      to: z.coerce
        .number<number>()
        .int()
        .min(0)
        .exactOptional()
        .describe('Size of the newer tree; that of the newest checkpoint when absent.'),
    }),
    responses: {
      200: {
        description: 'The proof.',
        schema: AuditConsistency,
        example: {
          origin: exampleOrigin,
          from: 4096,
          to: 5121,
          from_root: exampleHash,
          to_root: exampleHash,
          proof: [exampleHash],
        },
      },
    },
    problems: ['not_found'],
  }),
  getAuditTile: route({
    method: 'GET',
    path: '/v1/audit/tile/{tile}',
    rest: true,
    area: 'audit',
    summary: 'A tile of the tree or a bundle of its entries (C2SP tlog-tiles)',
    description: `\`tile\` is \`<level>/<index>\` or \`entries/<index>\`, the index in groups of three digits, all but the last after an \`x\`: \`0/x001/x234/067\`, with \`.p/<width>\` for a partial tile. An entry is the SHA-256 of an event’s bytes. ${hashesOnly}`,
    access: ['audit.read'],
    params: z.strictObject({
      tile: z
        .string()
        .max(60)
        .regex(
          /^(entries|0|[1-9]\d?)\/(x\d{3}\/)*\d{3}(\.p\/[1-9]\d{0,2})?$/,
          'a tile such as 0/x001/067, 1/000.p/17 or entries/003',
        ),
    }),
    responses: {
      200: {
        description: 'Hashes of 32 bytes one after another; of entries, each after its length as two bytes.',
        media: 'application/octet-stream',
        schema: z.string().meta({ format: 'binary' }),
        example: '…',
      },
    },
    problems: ['not_found'],
  }),
  getAuditEvent: route({
    method: 'GET',
    path: '/v1/audit/events/{id}',
    area: 'audit',
    summary: 'Read one event, byte for byte, with its place in the log',
    description: 'The reading is itself recorded, as `access.read`, before it is answered.',
    access: ['audit.read'],
    params,
    responses: {
      200: {
        description: 'The event.',
        schema: SealedEvent,
        example: {
          index: 4711,
          hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
          raw: '{"actor":"user:7f3a","id":"evt_01k8x0q3wsf5z8k2m4n6p8r0t4","type":"stop.set"}',
          event: { actor: 'user:7f3a', id: exampleEvent, type: 'stop.set' },
        },
      },
    },
    problems: ['not_found', 'log_unavailable'],
  }),
  getAuditProof: route({
    method: 'GET',
    path: '/v1/audit/events/{id}/proof',
    area: 'audit',
    summary: 'Prove that an event is in the log',
    description: `With \`Accept: text/plain\` the answer is a C2SP tlog-proof. ${hashesOnly}`,
    access: ['audit.read'],
    params,
    responses: {
      200: {
        description: 'The proof, up to the newest checkpoint.',
        schema: AuditProof,
        example: {
          event: exampleEvent,
          hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
          leaf_hash: exampleHash,
          index: 4711,
          size: 5121,
          root: exampleHash,
          proof: [exampleHash],
          checkpoint: exampleNote,
        },
        also: { media: 'text/plain', description: 'The same as a C2SP tlog-proof.' },
      },
    },
    problems: ['not_found', 'not_sealed'],
  }),
  exportAudit: route({
    method: 'GET',
    path: '/v1/audit/export',
    area: 'audit',
    summary: 'Everything needed to check the log without this server',
    description:
      'NDJSON: events byte for byte, the hashes of what is not shown, checkpoints and policies (docs/reference/export-format.md). `writ audit verify <file>` checks it. Taking evidence out is decided by itself, as `audit.export`, and recorded, as `access.read`, before it begins.',
    access: ['audit.export'],
    query: z.strictObject({
      run: z
        .string()
        .regex(/^(tenant|run_[0-7][0-9a-hjkmnp-tv-z]{25})$/, 'a run id, or `tenant`')
        .exactOptional()
        .describe('Show this run only, or `tenant` for the tenant’s own stream.'),
      filter: filter('audit').describe('Show only events that fit this query, such as `time:>-24h`.'),
      first: z.coerce.number<number>().int().min(0).exactOptional().describe('Show from this index on.'),
      last: z.coerce.number<number>().int().min(0).exactOptional().describe('Show up to this index.'),
    }),
    responses: {
      200: {
        description: 'The export, line by line.',
        media: 'application/x-ndjson',
        schema: z.string(),
        example: '{"$writ":"export","format":1,…}\n',
      },
    },
    problems: ['not_found', 'log_unavailable'],
  }),
};
