import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { leaf } from './merkle';
import { headOf, type Key, keyOf } from './notes';

// The check of an export a second time: all in memory, recursive, by the page that describes the format, without a shared
// line with libs/verify. It answers whether, not where.

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();

interface Event {
  readonly index: number;
  readonly line: string;
}
interface Gap {
  readonly from: number;
  readonly to: number;
  readonly hashes: readonly string[];
}

/** Roots of a log of which some subtrees are known by their hash only. */
class Forest {
  readonly #known = new Map<string, Buffer>();

  set(from: number, to: number, hash: Buffer): void {
    this.#known.set(`${from} ${to}`, hash);
  }

  root(from: number, to: number): Buffer {
    if (from === to) return sha256('');
    const known = this.#known.get(`${from} ${to}`);
    if (known) return known;
    if (to - from === 1) throw new Error(`nothing is known of index ${from}`);
    let k = 1;
    while (2 * k < to - from) k *= 2;
    return sha256(Buffer.concat([Buffer.of(1), this.root(from, from + k), this.root(from + k, to)]));
  }
}

/** Throws, saying why, unless everything an export claims holds, under one of the keys known and any checkpoints held. */
export function checkExport(text: string, known: readonly string[], held: readonly string[] = []): void {
  if (!text.endsWith('\n')) throw new Error('cut off');
  const lines = text.slice(0, -1).split('\n');
  const header = ours(lines[0] ?? '', '');
  const { origin, tenant, keys, size } = header as { origin: string; tenant: string; keys: string[]; size: number };
  if (header['$writ'] !== 'export' || !origin.startsWith(`writ/${tenant}`)) throw new Error('no export');
  const body = read(lines, tenant);
  const forest = forestOf(body);
  if (body.end !== size) throw new Error(`it covers ${body.end} of ${size}`);
  if (body.checkpoints.at(-1)?.at !== size) throw new Error('it does not end with a checkpoint');
  const all = keys.map(keyOf);
  if (!all.some((key) => known.includes(vkeyOf(key, keys)))) throw new Error('no known key');
  let turn = all[0]!;
  let rotations = rotationsIn(body.events);
  for (const { at, text: note } of body.checkpoints) {
    const due = rotations.filter(({ index }) => index < at);
    rotations = rotations.filter(({ index }) => index >= at);
    const before = turn;
    if (due.length > 0) turn = keyOf(due.at(-1)!.newKey);
    const head = headOf(note, [...all, turn]);
    if (head.origin !== origin || head.size !== at) throw new Error('a checkpoint of something else');
    if (!forest.root(0, at).equals(head.root)) throw new Error(`another root at ${at}`);
    if (!head.signedBy.includes(turn.id) || !head.signedBy.includes(before.id))
      throw new Error('not by the key in turn');
  }
  for (const note of held) {
    const head = headOf(note, []);
    if (head.size > size || !forest.root(0, head.size).equals(head.root)) throw new Error('not the log held outside');
  }
  checkChains(body.events, body.gaps);
}

const vkeyOf = (key: Key, keys: readonly string[]): string => keys.find((one) => keyOf(one).id === key.id)!;

function ours(line: string, before: string): { readonly [name: string]: unknown } {
  const cut = line.lastIndexOf(',"sum":"');
  const members = JSON.parse(line) as { readonly [name: string]: unknown };
  const sum = sha256(before + line.slice(0, cut)).toString('hex');
  if (line.slice(cut) !== `,"sum":"${sum}"}`) throw new Error('a sum is wrong');
  return members;
}

function read(lines: readonly string[], tenant: string) {
  const events: Event[] = [];
  const gaps: Gap[] = [];
  const checkpoints: { readonly at: number; readonly text: string }[] = [];
  let sum = /"sum":"(\w+)"\}$/.exec(lines[0]!)![1]!;
  let next = 0;
  let since: string[] = [];
  let ended = false;
  for (const line of lines.slice(1)) {
    if (ended) throw new Error('something after the end');
    if (!line.startsWith('{"$writ":"')) {
      const event = JSON.parse(line) as { tenant: string; origin: string };
      if (canonicalize(event) !== line) throw new Error('not canonical');
      if (event.tenant !== tenant || event.origin !== `writ/${tenant}`) throw new Error('of another tenant');
      events.push({ index: next++, line });
      since.push(line);
      continue;
    }
    const members = ours(line, sum);
    sum = /"sum":"(\w+)"\}$/.exec(line)![1]!;
    if (members['$writ'] === 'gap') {
      const gap = members as unknown as Gap;
      if (gap.from !== next || gap.to <= gap.from) throw new Error('a gap elsewhere');
      gaps.push(gap);
      next = gap.to;
    } else if (members['$writ'] === 'checkpoint') {
      const at = checkpoints.at(-1)?.at ?? 0;
      if (next <= at) throw new Error('checkpoints do not grow');
      checkpoints.push({ at: next, text: String(members['text']) });
    } else if (members['$writ'] === 'leaves') {
      const hashes = Buffer.concat(since.map((one) => leaf(sha256(one)))).toString('base64');
      if (members['hashes'] !== hashes || members['count'] !== since.length) throw new Error('other leaves');
      since = [];
    } else if (members['$writ'] === 'policy') {
      const { digest, body } = members as { digest: string; body: string };
      if (`sha256:${sha256(body).toString('hex')}` !== digest) throw new Error('another policy');
    } else if (members['$writ'] === 'end') {
      if (members['events'] !== events.length || since.length > 0) throw new Error('another number of events');
      ended = true;
    } else throw new Error('an unknown line');
  }
  if (!ended) throw new Error('cut off');
  return { events, gaps, checkpoints, end: next };
}

function forestOf({ events, gaps }: { readonly events: readonly Event[]; readonly gaps: readonly Gap[] }): Forest {
  const forest = new Forest();
  for (const { index, line } of events) forest.set(index, index + 1, leaf(sha256(line)));
  for (const { from, to, hashes } of gaps) {
    let at = from;
    for (const hash of hashes) {
      let width = 1;
      while (at % (2 * width) === 0 && at + 2 * width <= to) width *= 2;
      forest.set(at, at + width, Buffer.from(hash, 'base64'));
      at += width;
    }
    if (at !== to) throw new Error('a gap with other hashes');
  }
  return forest;
}

interface Linked {
  readonly run: string;
  readonly run_seq: number;
  readonly prev: string;
  readonly type: string;
  readonly detail?: { readonly new_key?: string };
}

const rotationsIn = (events: readonly Event[]): { readonly index: number; readonly newKey: string }[] =>
  events.flatMap(({ index, line }) => {
    const { run, type, detail } = JSON.parse(line) as Linked;
    return run === 'tenant' && type === 'log.key_rotated' ? [{ index, newKey: String(detail?.new_key) }] : [];
  });

function checkChains(events: readonly Event[], gaps: readonly Gap[]): void {
  const hiddenBefore = (index: number): number =>
    gaps.filter(({ to }) => to <= index).reduce((sum, { from, to }) => sum + to - from, 0);
  const heads = new Map<string, { seq: number; hash: string; hidden: number }>();
  for (const { index, line } of events) {
    const { run, run_seq: seq, prev } = JSON.parse(line) as Linked;
    const head = heads.get(run) ?? { seq: -1, hash: '0'.repeat(64), hidden: 0 };
    const hidden = hiddenBefore(index);
    const absent = seq - head.seq - 1;
    if (absent < 0 || absent > hidden - head.hidden) throw new Error(`run ${run} is no chain at ${index}`);
    if (absent === 0 && prev !== head.hash) throw new Error(`run ${run} is broken at ${index}`);
    heads.set(run, { seq, hash: sha256(line).toString('hex'), hidden });
  }
}
