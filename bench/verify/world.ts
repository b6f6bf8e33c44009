import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type AuditDraft, type ChainHead, commitmentTo, extendChain, GENESIS } from '@writ/audit';
import { canonicalJson, digestOf, newId, type Principal, type RunId, type TenantId } from '@writ/kernel';
import { buildSnapshot, decide, type Decision, type DecisionRequest, parseBundle, type Snapshot } from '@writ/policy';
import {
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

/** Runs that are led at once, and the units a round of the sequencer finds. */
const AT_ONCE = 64;
const UNITS_A_ROUND = 400;
const STEPS = 5;

const POLICY = `
rules: |
  p, agent:desk, {tenant}, tool:*, tool.invoke, , allow, , agent-desk
  p, role:clerk, {tenant}, class:orders, tool.invoke, , allow, , clerk-orders
  p, role:clerk, {tenant}, workflow:*, run.start, , allow, , clerk-start
  p, role:clerk, {tenant}, tool:void_order, tool.invoke, , deny, , never-void
  g, user:cleo, role:clerk, {tenant}
  g2, tool:get_order, class:orders, {tenant}
  g2, tool:update_order, class:orders, {tenant}
  g2, tool:void_order, class:orders, {tenant}
`;

/** What is verified: a file, and what whoever verifies it knows. */
export interface World {
  readonly events: number;
  readonly decisions: number;
  readonly bytes: number;
  readonly checkpoints: number;
  readonly key: VerifierKey;
  /** Event lines by index, for what is measured beside. */
  readonly lines: readonly string[];
  /** The same, run by run, as a check of chains alone takes them. */
  readonly chains: readonly (readonly string[])[];
}

const tenant = newId('tenant') as TenantId;
const origin = `writ/${tenant}`;
const initiator: Principal = { tenant, kind: 'user', id: 'user:cleo', roles: [] };
const TOOLS = ['get_order', 'update_order', 'get_order', 'void_order', 'get_order'];
const digest = (text: string): string => digestOf(text);

/** Writes the export of a log of governed five-step runs, with real decisions, chains, tree and signatures. */
export async function writeWorld(file: string, size: number): Promise<World> {
  const bundle = parseBundle(POLICY);
  const snapshot = bundle.ok ? await buildSnapshot(bundle.value) : bundle;
  if (!snapshot.ok) throw new Error(snapshot.failure.message);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = verifierKey(origin, Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
  const sealed = seal(recorded(snapshot.value, size), privateKey, key);
  const writer = new ExportWriter();
  const out = createWriteStream(file);
  const made_at = new Date(0).toISOString();
  const header = { origin, tenant, generation: 1, keys: [formatVkey(key)], size: sealed.lines.length, unsealed: 0 };
  let text = writer.header({ ...header, made_at }) + writer.policy(snapshot.value.digest, snapshot.value.body);
  const due = [...sealed.checkpoints];
  for (const [index, line] of sealed.lines.entries()) {
    text += writer.event(line, sealed.leaves[index]!);
    while (due[0]?.size === index + 1) text += writer.checkpoint(due.shift()!.text);
    if (text.length > 1 << 20) {
      if (!out.write(text)) await new Promise((resolve) => out.once('drain', () => resolve(null)));
      text = '';
    }
  }
  await new Promise<void>((resolve) => out.end(text + writer.end(), () => resolve()));
  const chains = Map.groupBy(sealed.lines, (line) => (JSON.parse(line) as { run: string }).run);
  return {
    events: sealed.lines.length,
    decisions: sealed.lines.filter((line) => line.includes('"decision":')).length,
    bytes: out.bytesWritten,
    checkpoints: sealed.checkpoints.length,
    key,
    lines: sealed.lines,
    chains: [...chains.values()],
  };
}

/** Units in the order they are sealed: rounds, and in a round by run. */
function recorded(snapshot: Snapshot, size: number): readonly (readonly string[])[] {
  const rounds: string[][] = [];
  const runs: Iterator<readonly string[], void>[] = [];
  let round: { readonly run: number; readonly lines: readonly string[] }[] = [];
  let events = 0;
  for (let turn = 0; events < size; turn++) {
    const slot = turn % AT_ONCE;
    const next = (runs[slot] ??= run(snapshot)).next();
    if (next.done) {
      runs[slot] = run(snapshot);
      continue;
    }
    round.push({ run: slot, lines: next.value });
    events += next.value.length;
    if (round.length === UNITS_A_ROUND || events >= size) {
      rounds.push(round.sort((a, b) => a.run - b.run).flatMap(({ lines }) => lines));
      round = [];
    }
  }
  return rounds;
}

/** One run, unit by unit, as the engine records it. */
function* run(snapshot: Snapshot): Generator<readonly string[], void> {
  const id = newId('run');
  const chain = [{ agent: 'desk', digest: digest('desk') }];
  let head: ChainHead = GENESIS;
  const contexts = [contextOf(snapshot, []), contextOf(snapshot, chain)];
  const trace = digest(id).slice(-32);
  const unit = (drafts: readonly Partial<AuditDraft>[]): readonly string[] => {
    const link = extendChain(
      head,
      drafts.map((draft) => draftOf(id, trace, draft)),
    );
    head = link.head;
    return [...link.lines];
  };
  const context = digestOf(contexts[1]!);
  const object = { type: 'workflow', id: 'orders', version: 1, digest: digest('orders') };
  const started = decided(snapshot, { action: 'run.start', object: { type: 'workflow', id: 'orders' }, chain: [] });
  yield unit([
    { type: 'context', detail: { context: contexts[0]! } },
    {
      type: 'run.started',
      actor: initiator.id,
      action: 'run.start',
      object,
      context: digestOf(contexts[0]!),
      ...started,
    },
  ]);
  let before: Partial<AuditDraft>[] = [{ type: 'context', detail: { context: contexts[1]! } }];
  for (let step = 1; step <= STEPS; step++) {
    const tool = { type: 'tool', id: TOOLS[step - 1]!, version: 1, digest: digest(TOOLS[step - 1]!) } as const;
    const made = decided(snapshot, { action: 'tool.invoke', object: tool, chain });
    const act = { step, attempt: 1, actor: 'agent:desk', action: 'tool.invoke', object: tool, context, ...made };
    const args = commitmentTo('{"id":"W1001"}', `${id}${step}`);
    const allowed = made.decision.verdict === 'allow';
    yield unit([...before, allowed ? { type: 'action.authorized', ...act, args } : { type: 'action.denied', ...act }]);
    before = allowed ? [{ type: 'action.settled', step, attempt: 1, context, outcome: 'ok', result: args }] : [];
  }
  yield unit([...before, { type: 'run.finished', context, outcome: 'succeeded' }]);
}

const draftOf = (run: RunId, trace: string, draft: Partial<AuditDraft>): AuditDraft => ({
  id: newId('event'),
  tenant,
  origin,
  run,
  time: new Date(1_767_225_600_000).toISOString(),
  type: 'run.finished',
  trace,
  span: trace.slice(-16),
  ...draft,
});

const contextOf = (snapshot: Snapshot, chain: readonly { readonly agent: string; readonly digest: string }[]): string =>
  canonicalJson({
    initiator: initiator.id,
    roles: initiator.roles,
    chain,
    workflow: { name: 'orders', digest: digest('orders') },
    snapshot: snapshot.digest,
    build: '0.1.0',
    mandate: null,
    keys: [],
  });

function decided(snapshot: Snapshot, asked: Pick<DecisionRequest, 'action' | 'object' | 'chain'>) {
  const authority = { tenant, snapshot, stops: [], epochs: { tenant: 3, platform: 1 } };
  const decision = decide(authority, { tenant, initiator, now: 0, ...asked });
  return { decision: evidenceOf(decision), authority: decision.authority };
}

const evidenceOf = (decision: Decision) => ({
  id: decision.id,
  verdict: decision.verdict,
  reason: decision.reason,
  stages: decision.stages.map(
    ({ stage, verdict, matches }) => [stage, verdict, ...matches.map(({ rid }) => rid)] as const,
  ),
  mode: 'enforce' as const,
});

/** Each round under a checkpoint of its own. */
function seal(rounds: readonly (readonly string[])[], privateKey: KeyObject, key: VerifierKey) {
  const lines: string[] = [];
  const leaves: Uint8Array[] = [];
  const checkpoints: { readonly size: number; readonly text: string }[] = [];
  const tree = new Tree();
  for (const round of rounds) {
    for (const line of round) {
      const leaf = leafHash(Buffer.from(digest(line).slice('sha256:'.length), 'hex'));
      tree.append(leaf);
      lines.push(line);
      leaves.push(leaf);
    }
    const text = formatCheckpoint({ origin, size: tree.size, root: tree.root() });
    const signature = { name: key.name, keyId: key.keyId, signature: sign(null, signedBytes(text), privateKey) };
    checkpoints.push({ size: tree.size, text: formatNote({ text, signatures: [signature] }) });
  }
  return { lines, leaves, checkpoints };
}
