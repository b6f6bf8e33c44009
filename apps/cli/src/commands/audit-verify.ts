import { createReadStream, statSync } from 'node:fs';
import { isId } from '@writ/kernel';
import {
  type Checkpoint,
  type EventReport,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseVkey,
  type Problem,
  type Report,
  TileError,
  tilePath,
  type Trust,
  verifyConsistency,
  verifyEvent,
  verifyExport,
  verifyTiles,
} from '@writ/verify';
import { CliError, usage } from '../cli-error';
import type { Command, Context, Given, Result } from '../command';
import { knownLogs, rememberLog } from '../local/known-logs';
import { count, Progress } from '../output/progress';
import { eventText, reportText } from '../output/report-text';
import { knownBeforehand, readText, TRUST_OPTIONS, unknownKey } from './audit-trust';
import { asRow } from './rows';

type Known = ReturnType<typeof knownBeforehand>;

const PROOF = 'c2sp.org/tlog-proof@v1\n';
const CHUNK_BYTES = 1 << 20;

export const verify: Command = {
  name: 'audit verify',
  summary: 'Check that the log is whole, signed and says what it decided',
  description:
    'Checks an export or a proof in a file, with the server stopped and no network; or, over the API, the whole log, a run, a range of indices, or one event. Ends with code 8 and names the first fault when something is not as it was recorded.',
  args: [
    {
      usage: '[what]',
      description: 'a file (export or proof), a run, an event, or a range such as 0-999; the whole live log by default',
    },
  ],
  options: TRUST_OPTIONS,
  examples: [
    'audit verify',
    'audit verify log.ndjson --key "writ/ten_01k8x0q3wsf5z8k2m4n6p8r0t5+0b1c2d3e+AZYPRoTSQo7zgpqmTAkHZvIG6LD77DHJOKmHXWaU5G1s"',
    'audit verify run_01k8x0q3wsf5z8k2m4n6p8r0t2 -o json',
    'audit verify 0-999 --checkpoint kept.txt',
  ],
  calls: ['GET /v1/audit/export', 'GET /v1/audit/checkpoint', 'GET /v1/audit/events/{id}/proof'],
  run(context, call) {
    const known = knownBeforehand(context, call);
    const what = call.arg(0);
    const range = /^(\d+)-(\d+)$/.exec(what);
    if (isId('event', what)) return liveEvent(context, known, what);
    if (isId('run', what) || what === 'tenant') return live(context, call, { known, wish: { run: what } });
    if (range) return live(context, call, { known, wish: { first: Number(range[1]), last: Number(range[2]) } });
    return what === '' ? live(context, call, { known, wish: {} }) : file(context, call, { known, path: what });
  },
};

async function file(context: Context, call: Given, { known, path }: { known: Known; path: string }): Promise<Result> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    throw usage(
      `There is no file ${path}.`,
      'It is neither a file nor a run, an event or a range of indices.',
      'Name what `writ audit export --out <file>` wrote.',
    );
  }
  if (found.size < CHUNK_BYTES && readText(path).startsWith(PROOF)) return proof(context, readText(path), known);
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const report = await checked(context, source, known);
  return answer(context, call, { report, source: path });
}

type Wish = { readonly run?: string; readonly first?: number; readonly last?: number };

/** The log of a server: its export, which must agree with the checkpoint it serves, and its tiles. */
async function live(context: Context, call: Given, { known, wish }: { known: Known; wish: Wish }): Promise<Result> {
  const { audit } = context.client();
  const { signal } = context;
  const served = await audit.checkpoint({ signal });
  const { origin } = headOf(served, context.url);
  const kept = knownLogs(context.io.env)[origin]?.checkpoint;
  const whole = Object.keys(wish).length === 0;
  // An export of a part can be compared with checkpoints that fall between what it shows only by a proof.
  const trust = whole
    ? { ...known, checkpoints: [...known.checkpoints, ...(kept === undefined ? [] : [kept])], alike: [served] }
    : known;
  const body = await audit.export(wish, { signal });
  let report = await checked(context, body, trust);
  if (report.verdict === 'intact') report = withFault(report, await tilesFault(context, served));
  if (report.verdict === 'intact' && !whole && kept !== undefined) {
    report = withFault(report, await backwardFault(context, kept, served));
  }
  return answer(context, call, { report, source: origin, newest: served });
}

type Found = Pick<Problem, 'fault' | 'message'>;

const withFault = (report: Report, found: Found | null): Report =>
  found === null
    ? report
    : {
        ...report,
        verdict: 'broken',
        problems: [
          { index: null, event: null, run: null, run_seq: null, byte: null, expected: null, found: null, ...found },
          ...report.problems,
        ],
        problem_count: report.problem_count + 1,
      };

/** The log must go on from where it was when it was last verified here. */
async function backwardFault(context: Context, kept: string, served: string): Promise<Found | null> {
  const [before, now] = [headOf(kept, 'The file of known logs'), headOf(served, context.url)];
  const fault = 'outside' as const;
  if (now.size < before.size) {
    const message = `The log had ${count(before.size)} events when it was verified last, and has ${count(now.size)} now.`;
    return { fault, message };
  }
  const { audit } = context.client();
  const { proof: hashes } = await audit.consistency({ from: before.size, to: now.size }, { signal: context.signal });
  const roots = { firstRoot: before.root, secondRoot: now.root };
  const proof = hashes.map((hash) => Buffer.from(hash, 'base64'));
  if (verifyConsistency({ first: before.size, second: now.size, ...roots, proof })) return null;
  const message = `The log does not go on from the checkpoint of ${count(before.size)} that was verified here last.`;
  return { fault, message };
}

function headOf(text: string, url: string): Checkpoint {
  const note = parseNote(text);
  const read = note.ok ? parseCheckpoint(note.value) : note;
  if (read.ok) return read.value;
  throw new CliError({
    exit: 'integrity',
    code: read.failure.code,
    what: `${url} serves no checkpoint.`,
    why: read.failure.message,
    next: 'Check that it is the control plane, and that nothing stands between.',
  });
}

async function tilesFault(context: Context, served: string): Promise<Found | null> {
  const tree = headOf(served, context.url);
  const { audit } = context.client();
  const progress = new Progress(context.io, { label: 'tiles', unit: 'hashes', total: tree.size, ...styleOf(context) });
  try {
    const read = (tile: Parameters<typeof tilePath>[0]): Promise<Uint8Array> =>
      audit.tile(tilePath(tile).slice('tile/'.length), { signal: context.signal });
    await verifyTiles(tree, { read }, (index) => progress.update(index));
    return null;
  } catch (error) {
    if (context.signal.aborted || !(error instanceof TileError)) throw error;
    return { fault: 'tile', message: `${error.message}.` };
  } finally {
    progress.end();
  }
}

const styleOf = ({ format, quiet }: Context) => ({ format, quiet });

async function checked(context: Context, source: AsyncIterable<Uint8Array>, trust: Trust): Promise<Report> {
  let bar: Progress | null = null;
  try {
    return await verifyExport(source, {
      trust,
      signal: context.signal,
      onProgress({ index, size }) {
        if (size === 0) return;
        bar ??= new Progress(context.io, { label: 'verifying', unit: 'events', total: size, ...styleOf(context) });
        bar.update(index);
      },
    });
  } finally {
    (bar as Progress | null)?.end();
  }
}

function answer(
  context: Context,
  call: Given,
  found: { readonly report: Report; readonly source: string; readonly newest?: string },
): Result {
  const { report, source, newest } = found;
  if (report.verdict === 'unknown_key') throw unknownKey(source, keysOf(report));
  const id = report.origin ?? source;
  const output = { kind: 'one', row: asRow(report), id, text: reportText(report, source) } as const;
  if (report.verdict === 'broken') return { output, exit: 'integrity' };
  remember(context, call.flag('remember'), { report, newest });
  const unsure = unvouched(report);
  if (unsure === null) return { output };
  context.hint(unsure);
  return { output, exit: 'usage' };
}

const keysOf = (report: Report) =>
  report.keys.map(({ vkey }) => parseVkey(vkey)).flatMap((key) => (key.ok ? [key.value] : []));

/** What holds and yet is not what was asked: nobody known here vouches for all of it. */
function unvouched({ outside, trust, size }: Report): string | null {
  const hidden = outside.find(({ state }) => state === 'hidden');
  if (hidden) return `The checkpoint of ${count(hidden.size)} could not be compared: verify an export of everything.`;
  if (trust.by === 'embedded' || trust.through >= size) return null;
  return `Events from index ${count(trust.through)} on are vouched for by no key known here: add --key.`;
}

/**
 * Keeps what was verified under a key known here: on request, and of a log that is kept already. Its keys, since each was
 * announced under the one before; of a live log the newest checkpoint, so that it cannot go back unnoticed.
 */
function remember(
  { io }: Context,
  asked: boolean,
  { report, newest }: { readonly report: Report; readonly newest: string | undefined },
): void {
  const { origin, trust } = report;
  if (origin === null || trust.by !== 'key') return;
  if (!asked && knownLogs(io.env)[origin] === undefined) return;
  const keys = report.keys.map(({ vkey }) => vkey);
  rememberLog(io.env, origin, { keys, ...(newest !== undefined && { checkpoint: newest }) });
}

async function liveEvent(context: Context, known: Known, id: string): Promise<Result> {
  return proof(context, await context.client().audit.tlogProof(id, { signal: context.signal }), known);
}

async function proof(context: Context, text: string, known: Known): Promise<Result> {
  const read = parseTlogProof(text);
  if (!read.ok || read.value.extra === undefined) {
    throw new CliError({
      exit: 'integrity',
      code: 'proof_malformed',
      what: 'The proof proves nothing.',
      why: read.ok ? 'It does not hold the event it is about.' : read.failure.message,
      next: 'Make it anew: writ audit proof <event>',
    });
  }
  const report: EventReport = await verifyEvent(read.value.extra, read.value, known);
  if (report.verdict === 'unknown_key') throw unknownKey('The proof', [], report.signed_by);
  const id = report.event ?? '';
  context.hint(`${count(1)} event, ${read.value.proof.length} hashes up to the root`);
  const output = { kind: 'one', row: asRow(report), id, text: eventText(report) } as const;
  return report.verdict === 'broken' ? { output, exit: 'integrity' } : { output };
}
