import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { CliError, usage } from '../cli-error';
import type { Command } from '../command';
import { members } from '../output/output';
import { verify } from './audit-verify';
import { first, given, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

/** Loaded when asked for: they bring the database along. */
const logs = () => require('../local/logs') as typeof import('../local/logs');

const status: Command = {
  name: 'audit log',
  summary: 'Show how the log stands: its size, its keys, and whether it is signed',
  examples: ['audit log', 'audit log -o json'],
  calls: ['GET /v1/audit/log'],
  async run(context) {
    const row = asRow(await context.client().audit.log({ signal: context.signal }));
    return { output: { kind: 'one', row, id: String(row['origin']) } };
  },
};

const checkpoint: Command = {
  name: 'audit checkpoint',
  summary: 'Print the newest signed checkpoint, or list them',
  description:
    'Prints the newest signed checkpoint (C2SP). Keep it somewhere else: `writ audit verify --checkpoint` then proves that the log goes on from it.',
  options: [
    { flags: '--list', description: 'list the checkpoints, newest first' },
    { flags: '--limit <count>', description: 'how many at most (100)' },
  ],
  examples: ['audit checkpoint', 'audit checkpoint --list --limit 5'],
  calls: ['GET /v1/audit/checkpoint', 'GET /v1/audit/checkpoints'],
  async run(context, call) {
    const { audit } = context.client();
    if (call.flag('list')) {
      const limit = wholeNumber('--limit', call.text('limit')) ?? 100;
      const list = audit.checkpoints({ limit: Math.min(limit, 200) }, { signal: context.signal });
      const columns = members('size', 'at', 'root', 'generation');
      const rows = asRows(first(list, limit));
      return { output: { kind: 'list', rows, columns, id: (row) => String(row['size']), empty: 'Nothing is sealed.' } };
    }
    const text = await audit.checkpoint({ signal: context.signal });
    const [origin = '', size = '', root = ''] = text.split('\n');
    return { output: { kind: 'one', row: { origin, size: Number(size), root, text }, id: size, text } };
  },
};

const consistency: Command = {
  name: 'audit consistency',
  summary: 'Prove that the log of one size is the beginning of a later one',
  args: [
    { usage: '<from>', description: 'size of the older log, in events' },
    { usage: '[to]', description: 'size of the newer one; the newest checkpoint’s by default' },
  ],
  examples: ['audit consistency 4096', 'audit consistency 4096 5121 -o json'],
  calls: ['GET /v1/audit/consistency'],
  async run(context, call) {
    const from = wholeNumber('<from>', call.arg(0), 0) ?? 0;
    const to = call.arg(1) === '' ? undefined : wholeNumber('[to]', call.arg(1), 0);
    const query = { from, ...given({ to }) };
    const row = asRow(await context.client().audit.consistency(query, { signal: context.signal }));
    return { output: { kind: 'one', row, id: String(row['to_root']) } };
  },
};

const show: Command = {
  name: 'audit show',
  summary: 'Show one event, byte for byte, with its place in the log',
  description: 'Shows one event, byte for byte, with its place in the log. The reading is itself recorded.',
  args: [{ usage: '<event>', description: 'id of the event, evt_…' }],
  examples: ['audit show evt_01k8x0q3wsf5z8k2m4n6p8r0t4'],
  calls: ['GET /v1/audit/events/{id}'],
  async run(context, call) {
    const row = asRow(await context.client().audit.event(call.arg(0), { signal: context.signal }));
    return { output: { kind: 'one', row, id: call.arg(0) } };
  },
};

const proof: Command = {
  name: 'audit proof',
  summary: 'Prove that an event is in the log',
  description:
    'Prints a proof that stands alone: a C2SP tlog-proof that holds the event, its path to the root and the signed checkpoint; as JSON with -o json.',
  args: [{ usage: '<event>', description: 'id of the event, evt_…' }],
  examples: ['audit proof evt_01k8x0q3wsf5z8k2m4n6p8r0t4', 'audit proof evt_01k8x0q3wsf5z8k2m4n6p8r0t4 -o json'],
  calls: ['GET /v1/audit/events/{id}/proof'],
  async run(context, call) {
    const { audit } = context.client();
    const id = call.arg(0);
    if (context.format === 'table') {
      const text = await audit.tlogProof(id, { signal: context.signal });
      return { output: { kind: 'one', row: { event: id }, id, text } };
    }
    const row = asRow(await audit.proof(id, { signal: context.signal }));
    return { output: { kind: 'one', row, id } };
  },
};

const exporting: Command = {
  name: 'audit export',
  summary: 'Write the log to a file that anybody can check without this server',
  description:
    'Writes events byte for byte, the hashes of what is not shown, all checkpoints and the policies: `writ audit verify <file>` checks it anywhere. Without --out the lines go to standard output. The export is itself recorded.',
  options: [
    { flags: '--out <file>', description: 'file to write; it must not exist yet' },
    { flags: '--run <run>', description: 'show this run only, or "tenant" for the tenant’s own stream' },
    { flags: '--filter <query>', description: 'show only events that fit this query' },
    { flags: '--first <index>', description: 'show from this index of the log on' },
    { flags: '--last <index>', description: 'show up to this index of the log' },
  ],
  examples: ['audit export --out log.ndjson', 'audit export --run run_01k8x0q3wsf5z8k2m4n6p8r0t2 --out run.ndjson'],
  calls: ['GET /v1/audit/export'],
  async run(context, call) {
    const query = given({
      run: call.text('run'),
      filter: call.text('filter'),
      first: wholeNumber('--first', call.text('first'), 0),
      last: wholeNumber('--last', call.text('last'), 0),
    });
    const file = call.text('out');
    const body = await context.client().audit.export(query, { signal: context.signal });
    const lines = Readable.fromWeb(body as ReadableStream);
    if (file === undefined) {
      for await (const chunk of lines.setEncoding('utf8')) context.io.out(chunk as string);
      return {};
    }
    const out = createWriteStream(file, { flags: 'wx' });
    await pipeline(lines, out, { signal: context.signal }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST'
        ? usage('The export was not written.', `${file} exists already.`, 'Choose another name, or remove it.')
        : error;
    });
    context.hint(`Check it with: writ audit verify ${file}`);
    return { output: { kind: 'one', row: { file, bytes: out.bytesWritten }, id: file } };
  },
};

const recover: Command = {
  name: 'audit recover',
  summary: 'Open anew the logs that refuse to be signed after a restore',
  description:
    'For an operator, on the database itself (DATABASE_URL as its owner, or the local one), after events that were sealed are lost for good. Each log that cannot go on gets a new generation, whose first event of its own says what was lost and why; every event that is left is sealed again. Logs in good order are left alone.',
  options: [
    { flags: '--reason <text>', description: 'what happened, for the record' },
    { flags: '--yes', description: 'do not ask for confirmation' },
  ],
  examples: ['audit recover --reason "restored from the backup of Monday" --yes'],
  async run(context, call) {
    const reason = call.text('reason');
    if (!reason)
      throw usage('A log is not opened anew without a reason.', '--reason is missing.', 'Say what happened.');
    if (!call.flag('yes')) {
      if (!context.io.interactive) {
        throw usage('This needs a confirmation.', 'Nobody is at a terminal to give it.', 'Add --yes.');
      }
      const typed = await context.io.ask('The old logs end for ever where they were last signed. Type "recover": ');
      if (typed.trim() !== 'recover') {
        const why = '"recover" was not typed.';
        throw new CliError({
          exit: 'failed',
          code: 'not_confirmed',
          what: 'Nothing was changed.',
          why,
          next: 'Add --yes.',
        });
      }
    }
    const rows = await logs().recover(context.io.env, reason);
    if (rows.length > 0)
      context.hint('A running worker seals them again from now on; `writ audit log` shows how far it is.');
    const columns = members('origin', 'because', 'database_size', 'outside_size');
    const empty = 'Every log is in good order; nothing was changed.';
    return { output: { kind: 'list', rows, columns, id: (row) => String(row['origin']), empty } };
  },
};

const rotate: Command = {
  name: 'audit rotate-key',
  summary: 'Give the logs a new signing key, announced under the old one',
  description:
    'For an operator, on the machine with the key file and on the database itself. A new key is added to the file and announced by an event in each log; the checkpoint that seals it bears both signatures, so whoever trusts the old key learns the new one. Keys in WRIT_LOG_KEY are extended by hand first.',
  examples: ['audit rotate-key', 'audit rotate-key -o json'],
  async run(context) {
    const rows = await logs().rotateKey(context.io.env);
    const columns = members('tenant', 'old_key', 'new_key');
    const empty = 'No log has been signed yet; the first checkpoint will be by the new key.';
    return { output: { kind: 'list', rows, columns, id: (row) => String(row['new_key']), empty } };
  },
};

export const AUDIT_LOG_COMMANDS: readonly Command[] = [
  status,
  checkpoint,
  consistency,
  show,
  proof,
  exporting,
  verify,
  recover,
  rotate,
];
