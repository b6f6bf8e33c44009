import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type AuditDraft, type ChainHead, extendChain, GENESIS } from '@writ/audit';
import type { DecisionId, EventId, RunId, TenantId } from '@writ/kernel';
import {
  cover,
  ExportWriter,
  formatCheckpoint,
  formatNote,
  formatVkey,
  leafHash,
  signedBytes,
  Tree,
  verifierKey,
  type VerifierKey,
} from '@writ/verify';

export const TENANT = 'ten_01k8x0q3wsf5z8k2m4n6p8r0t5' as TenantId;
export const ORIGIN = `writ/${TENANT}`;

/** A key a log signs with. The seed makes it the same in every run of a test. */
export class LogKey {
  readonly vkey: VerifierKey;
  readonly #private: KeyObject;

  constructor(seed: string, name: string = ORIGIN) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    createHash('sha256')
      .update(seed)
      .digest()
      .copy(der, der.length - 32);
    this.#private = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const raw = Buffer.from(createPublicKey(this.#private).export({ format: 'jwk' }).x!, 'base64url');
    this.vkey = verifierKey(name, raw);
  }

  get text(): string {
    return formatVkey(this.vkey);
  }

  signature(text: string) {
    const { name, keyId } = this.vkey;
    return { name, keyId, signature: sign(null, signedBytes(text), this.#private) };
  }
}

export const signedCheckpoint = (
  head: { readonly size: number; readonly root: Uint8Array; readonly origin?: string },
  ...keys: readonly LogKey[]
): string => {
  const text = formatCheckpoint({ origin: head.origin ?? ORIGIN, size: head.size, root: head.root });
  return formatNote({ text, signatures: keys.map((key) => key.signature(text)) });
};

const entryOf = (line: string): Buffer => createHash('sha256').update(line).digest();
export const leafOf = (line: string): Uint8Array => leafHash(entryOf(line));

export interface MadeCheckpoint {
  readonly size: number;
  readonly text: string;
}

/** A log as it would be in a database: lines by index, checkpoints by size, keys. Real chains, tree and signatures. */
export class MadeLog {
  readonly lines: string[] = [];
  readonly checkpoints: MadeCheckpoint[] = [];
  readonly tree = new Tree();
  readonly keys: LogKey[];
  readonly #heads = new Map<string, ChainHead>();
  #owing: LogKey[] = [];
  #count = 0;

  constructor(readonly key: LogKey = new LogKey('first')) {
    this.keys = [key];
  }

  /** The next events of a run, as one unit. */
  append(run: string, drafts: readonly Partial<AuditDraft>[]): this {
    const head = this.#heads.get(run) ?? GENESIS;
    const link = extendChain(
      head,
      drafts.map((draft) => this.#draft(run, draft)),
    );
    this.#heads.set(run, link.head);
    for (const line of link.lines) {
      this.lines.push(line);
      this.tree.append(leafOf(line));
    }
    return this;
  }

  #draft(run: string, draft: Partial<AuditDraft>): AuditDraft {
    this.#count += 1;
    const number = this.#count
      .toString(32)
      .padStart(6, '0')
      .replace(/[ilou]/g, 'z');
    return {
      id: `evt_01k8x0q3wsf5z8k2m4n6${number}` as EventId,
      tenant: TENANT,
      origin: ORIGIN,
      run: run as RunId,
      time: new Date(1_767_225_600_000 + this.#count * 250).toISOString(),
      type: 'action.settled',
      ...draft,
    };
  }

  seal(): this {
    const head = { size: this.tree.size, root: this.tree.root() };
    this.checkpoints.push({ size: head.size, text: signedCheckpoint(head, ...this.#owing, this.keys.at(-1)!) });
    this.#owing = [];
    return this;
  }

  /** Hands over to another key: an event, and the next checkpoint signed by both. */
  rotate(key: LogKey): this {
    const detail = { old_key: this.keys.at(-1)!.vkey.keyId, new_key: key.text };
    this.append('tenant', [{ type: 'log.key_rotated' as AuditDraft['type'], actor: 'user:op', detail }]);
    this.#owing = [this.keys.at(-1)!];
    this.keys.push(key);
    return this;
  }

  /** The export of the events that `shown` says, with every checkpoint. */
  export(
    shown: (index: number, line: string) => boolean = () => true,
    policies: readonly { digest: string; body: string }[] = [],
  ): string {
    const { lines, checkpoints } = this;
    const size = checkpoints.at(-1)?.size ?? 0;
    const leaves = lines.map(leafOf);
    const writer = new ExportWriter();
    let text = writer.header({
      origin: ORIGIN,
      tenant: TENANT,
      generation: 1,
      keys: this.keys.map((key) => key.text),
      size,
      unsealed: lines.length - size,
      made_at: '2026-11-23T09:31:00.000Z',
    });
    for (const { digest, body } of policies) text += writer.policy(digest, body);
    const due = [...checkpoints];
    for (let index = 0; index < size;) {
      if (shown(index, lines[index]!)) {
        text += writer.event(lines[index]!, leaves[index]!);
        index += 1;
      } else {
        let end = index + 1;
        while (end < due[0]!.size && !shown(end, lines[end]!)) end += 1;
        const roots = cover({ start: index, end }).map((node) => subtreeRoot(leaves, node));
        text += writer.gap(end, roots);
        index = end;
      }
      while (due[0]?.size === index) text += writer.checkpoint(due.shift()!.text);
    }
    return text + writer.end();
  }
}

export function subtreeRoot(leaves: readonly Uint8Array[], node: { readonly height: number; readonly index: number }) {
  const tree = new Tree();
  const width = 2 ** node.height;
  for (const leaf of leaves.slice(node.index * width, (node.index + 1) * width)) tree.append(leaf);
  return tree.root();
}

export const runId = (n: number): string =>
  `run_01k8x0q3wsf5z8k2m4n6p8${n
    .toString(32)
    .padStart(4, '0')
    .replace(/[ilou]/g, 'z')}`;

const salted = (what: string): string => `hmac-sha256:${createHash('sha256').update(what).digest('hex')}`;

/** What a run does next, as its evidence: the outcome of the step before, then an act that is allowed or denied. */
class Course {
  #step = 0;
  #open = false;

  next(random: () => number): Partial<AuditDraft>[] {
    const events: Partial<AuditDraft>[] = [];
    const before = { step: this.#step, attempt: 1 };
    if (this.#open) {
      events.push({ type: 'action.settled', ...before, outcome: 'ok', result: salted(`result ${random()}`) });
    }
    this.#step += 1;
    this.#open = random() < 0.8;
    const act = { step: this.#step, attempt: 1, actor: 'agent:support', action: 'tool.invoke' } as const;
    const object = { type: 'tool', id: 'cancel_order' };
    const args = salted(`arguments ${random()}`);
    const type = this.#open ? 'action.authorized' : 'action.denied';
    return [...events, { type, ...act, object, args, decision: this.#open ? ALLOWED : DENIED }];
  }
}

const ALLOWED = {
  id: 'dec_01k8x0q3wsf5z8k2m4n6p8r0t4' as DecisionId,
  verdict: 'allow',
  reason: 'allowed',
  stages: [
    ['guardrail', 'allow'],
    ['agent', 'allow', 'rul_0123456789ab'],
    ['initiator', 'allow', 'rul_ba9876543210'],
  ],
  mode: 'enforce',
} as const;
const DENIED = {
  ...ALLOWED,
  verdict: 'deny',
  reason: 'agent_not_granted',
  stages: [
    ['guardrail', 'allow'],
    ['agent', 'deny'],
  ],
} as const;

/** A log of `size` events over `runs` runs and the tenant's stream, sealed every now and then and at the end. */
export function makeLog(
  size: number,
  options: {
    readonly runs?: number;
    readonly random?: () => number;
    readonly every?: number;
    readonly key?: LogKey;
  } = {},
): MadeLog {
  const { runs = 6, random = () => 0.5, every = 16, key } = options;
  const log = new MadeLog(key);
  const courses = Array.from({ length: runs }, () => new Course());
  let next = every;
  while (log.lines.length < size) {
    const run = Math.floor(random() * (runs + 1));
    const events = courses[run]?.next(random) ?? [{ type: 'access.read' as const, actor: 'user:op' }];
    log.append(run === runs ? 'tenant' : runId(run), events.slice(0, size - log.lines.length));
    if (log.lines.length >= next) {
      log.seal();
      next = log.lines.length + 1 + Math.floor(random() * 2 * every);
    }
  }
  return log.checkpoints.at(-1)?.size === size ? log : log.seal();
}
