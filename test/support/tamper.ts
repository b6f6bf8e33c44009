import { createHash } from 'node:crypto';
import { ExportWriter, Tree } from '@writ/verify';
import { leafOf, type LogKey, type MadeCheckpoint, type MadeLog, ORIGIN, signedCheckpoint, TENANT } from './log-maker';

/**
 * What somebody does to an export. `careless` changes lines and nothing else; `careful` makes the file fit again (leaf
 * hashes, sums, counts, later members of the run's chain), and has everything but the log's key; `signing` has that too.
 */
export type Skill = 'careless' | 'careful' | 'signing';
export const KINDS = ['edit', 'delete', 'insert', 'swap', 'truncate', 'fork', 'checkpoint'] as const;
export type Kind = (typeof KINDS)[number];

export interface Tampered {
  readonly text: string;
  /** Smallest index at which the history is another one. */
  readonly index: number;
}

interface Material {
  readonly log: MadeLog;
  readonly random: () => number;
  /** A key of somebody else. */
  readonly stranger: LogKey;
}

const below = (random: () => number, n: number): number => Math.floor(random() * n);

/** The export of lines and checkpoints as whoever owns the file would write it. */
export function writeExport(parts: {
  readonly lines: readonly string[];
  readonly checkpoints: readonly MadeCheckpoint[];
  readonly keys: readonly string[];
}): string {
  const { lines, keys } = parts;
  const checkpoints = parts.checkpoints.filter(({ size }) => size <= lines.length);
  const size = checkpoints.at(-1)?.size ?? 0;
  const writer = new ExportWriter();
  const made_at = '2026-11-23T09:31:00.000Z';
  let text = writer.header({ origin: ORIGIN, tenant: TENANT, generation: 1, keys, size, unsealed: 0, made_at });
  const due = [...checkpoints];
  for (let index = 0; index < size; index++) {
    text += writer.event(lines[index]!, leafOf(lines[index]!));
    while (due[0]?.size === index + 1) text += writer.checkpoint(due.shift()!.text);
  }
  return text + writer.end();
}

/** `line` with something in it changed; still an event, and not the same. */
function edited(line: string, random: () => number): string {
  const event = JSON.parse(line) as { [name: string]: unknown };
  const change = below(random, 5);
  if (change === 0 && typeof event['args'] === 'string') return line.replace(/hmac-sha256:./, (text) => flip(text));
  if (change === 1 && line.includes('"verdict":"deny"')) return line.replace('"verdict":"deny"', '"verdict":"allow"');
  if (change === 2) return line.replace(/"time":"2026/, '"time":"2025');
  if (change === 3) return line.replace(/"id":"evt_(.)/, (_, char: string) => `"id":"evt_${char === '0' ? '1' : '0'}`);
  const at = line.indexOf(',"tenant":"');
  return `${line.slice(0, at)},"task":"${below(random, 1e9)}"${line.slice(at)}`;
}

const flip = (text: string): string => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');

/** Writes `prev` and `run_seq` of everything after `from` anew, so that each run is a chain again. */
function rechained(lines: readonly string[], from: number): string[] {
  const heads = new Map<string, { seq: number; hash: string }>();
  return lines.map((line, index) => {
    const { run, run_seq: seq, prev } = JSON.parse(line) as { run: string; run_seq: number; prev: string };
    const head = heads.get(run) ?? { seq: 0, hash: '0'.repeat(64) };
    const chained =
      index < from
        ? line
        : line
            .replace(`"prev":"${prev}"`, `"prev":"${head.hash}"`)
            .replace(`"run_seq":${seq}`, `"run_seq":${head.seq}`);
    heads.set(run, { seq: head.seq + 1, hash: hashOf(chained) });
    return chained;
  });
}

const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex');

function changedLines(kind: Kind, { log, random }: Material): { readonly lines: string[]; readonly index: number } {
  const lines = [...log.lines];
  const index = below(random, lines.length - 1);
  switch (kind) {
    case 'edit':
    case 'fork':
      lines[index] = edited(lines[index]!, random);
      break;
    case 'delete':
      lines.splice(index, 1);
      break;
    case 'insert':
      lines.splice(index, 0, edited(lines[below(random, lines.length)]!, random));
      break;
    case 'swap': {
      const other = index + 1 + below(random, Math.min(8, lines.length - 1 - index));
      [lines[index], lines[other]] = [lines[other]!, lines[index]!];
      break;
    }
    default:
      break;
  }
  return { lines, index };
}

const BY_LINE: ReadonlySet<Kind> = new Set<Kind>(['edit', 'delete', 'insert', 'swap']);

/** Tampers once. Null where the kind and the skill do not go together. */
export function tamper(kind: Kind, skill: Skill, material: Material): Tampered | null {
  const { log } = material;
  const keys = log.keys.map((key) => key.text);
  if (kind === 'truncate') return truncated(skill, material);
  if (kind === 'checkpoint') return replacedCheckpoint(skill, material);
  if (skill === 'careless') return kind === 'fork' ? null : careless(kind, material);
  const { lines, index } = changedLines(kind, material);
  const history = kind === 'fork' || material.random() < 0.5 ? rechained(lines, index) : lines;
  const checkpoints = skill === 'signing' ? resigned(history, log) : log.checkpoints;
  // An edit that a later change undoes, such as a swap of what follows alike, is none.
  if (history.every((line, i) => line === log.lines[i]) && history.length === log.lines.length) return null;
  const first = history.findIndex((line, i) => line !== log.lines[i]);
  const text = writeExport({ lines: history, checkpoints, keys });
  // A shorter history, signed: what was held outside says that events are missing, and can be compared with none of it.
  if (first < 0 || (skill === 'signing' && history.length < log.lines.length)) return { text, index: history.length };
  // With fewer lines than its newest checkpoint has leaves, the file has to end at an earlier one, perhaps before them.
  return { text, index: Math.min(first, sizeOf(text)) };
}

const sizeOf = (text: string): number => Number(/"size":(\d+)/.exec(text)?.[1]);

function resigned(lines: readonly string[], log: MadeLog): MadeCheckpoint[] {
  const tree = new Tree();
  const sizes = new Set(log.checkpoints.map(({ size }) => Math.min(size, lines.length)));
  return lines.flatMap((line, index) => {
    tree.append(leafOf(line));
    if (!sizes.has(index + 1)) return [];
    return [{ size: index + 1, text: signedCheckpoint({ size: index + 1, root: tree.root() }, log.key) }];
  });
}

/** Changes lines of the file as it is. */
function careless(kind: Kind, { log, random }: Material): Tampered {
  const rows = log.export().split('\n');
  const events = rows.flatMap((row, at) => (row.startsWith('{"$writ"') || row === '' ? [] : [at]));
  const index = below(random, events.length - 1);
  const at = events[index]!;
  if (kind === 'edit') rows[at] = edited(rows[at]!, random);
  if (kind === 'delete') rows.splice(at, 1);
  if (kind === 'insert') rows.splice(at, 0, edited(rows[events[below(random, events.length)]!]!, random));
  if (kind === 'swap') {
    const other = events[index + 1 + below(random, Math.min(8, events.length - 1 - index))]!;
    [rows[at], rows[other]] = [rows[other]!, rows[at]!];
  }
  return { text: rows.join('\n'), index };
}

function truncated(skill: Skill, { log, random }: Material): Tampered {
  const keys = log.keys.map((key) => key.text);
  if (skill === 'careless') {
    const whole = log.export();
    const text = whole.slice(0, 1 + below(random, whole.length - 2));
    const index = text
      .split('\n')
      .slice(0, -1)
      .filter((row) => !row.startsWith('{"$writ"')).length;
    return { text, index };
  }
  // Back to an earlier checkpoint: as a file of its own there is nothing wrong with it.
  const kept = log.checkpoints.slice(0, 1 + below(random, log.checkpoints.length - 1));
  const { size } = kept.at(-1)!;
  return { text: writeExport({ lines: log.lines.slice(0, size), checkpoints: kept, keys }), index: size };
}

function replacedCheckpoint(skill: Skill, { log, random, stranger }: Material): Tampered {
  const keys = log.keys.map((key) => key.text);
  const at = below(random, log.checkpoints.length);
  const { size } = log.checkpoints[at]!;
  const root = Buffer.from(Array.from({ length: 32 }, () => below(random, 256)));
  const by = skill === 'signing' ? log.key : stranger;
  const text = signedCheckpoint({ size, root: skill === 'careful' ? rootAt(log, size) : root }, by);
  const checkpoints = log.checkpoints.map((one, i) => (i === at ? { size, text } : one));
  return { text: writeExport({ lines: log.lines, checkpoints, keys }), index: size - 1 };
}

function rootAt(log: MadeLog, size: number): Uint8Array {
  const tree = new Tree();
  for (const line of log.lines.slice(0, size)) tree.append(leafOf(line));
  return tree.root();
}

export const isByLine = (kind: Kind): boolean => BY_LINE.has(kind);
