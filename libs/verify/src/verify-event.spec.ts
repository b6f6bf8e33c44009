import { generateKeyPairSync, sign } from 'node:crypto';
import { canonicalJson, sha256Hex } from '@writ/kernel';
import { formatCheckpoint } from './checkpoint';
import { leafHash, nodeHash } from './hashing';
import { formatNote, signedBytes, verifierKey } from './note';
import type { TlogProof } from './tlog-proof';
import { verifyEvent } from './verify-event';

const ORIGIN = 'writ/ten_01k8x0q3wsf5z8k2m4n6p8r0t5';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = verifierKey(ORIGIN, Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
const raw = Buffer.from(
  canonicalJson({ id: 'evt_01k8x0q3wsf5z8k2m4n6p8r0t4', origin: ORIGIN, prev: '', run: 'tenant', run_seq: 0 }),
);
const sibling = leafHash(Buffer.alloc(32, 9));
const leafOf = (bytes: Uint8Array): Uint8Array => leafHash(Buffer.from(sha256Hex(bytes), 'hex'));

function signed(root: Uint8Array, origin = ORIGIN): string {
  const text = formatCheckpoint({ origin, size: 2, root });
  const signature = sign(null, signedBytes(text), privateKey);
  return formatNote({ text, signatures: [{ name: key.name, keyId: key.keyId, signature }] });
}

const root = nodeHash(leafOf(raw), sibling);
const proof: TlogProof = { index: 0, proof: [sibling], checkpoint: signed(root) };
const trust = { keys: [key] };

describe('a proof of one event', () => {
  it('shows index, log and signer', async () => {
    expect(await verifyEvent(raw, proof, trust)).toMatchObject({
      verdict: 'intact',
      origin: ORIGIN,
      index: 0,
      size: 2,
      event: 'evt_01k8x0q3wsf5z8k2m4n6p8r0t4',
      run: 'tenant',
      trust: { by: 'key' },
      signed_by: [`${ORIGIN} (key ${key.keyId})`],
      problems: [],
    });
  });

  it('without a known key shows nothing, unless its very checkpoint was held outside', async () => {
    expect(await verifyEvent(raw, proof, { keys: [] })).toMatchObject({
      verdict: 'unknown_key',
      trust: { by: 'nothing' },
    });
    const held = { keys: [], checkpoints: ['not one', signed(Buffer.alloc(32)), proof.checkpoint] };
    expect(await verifyEvent(raw, proof, held)).toMatchObject({ verdict: 'intact', trust: { by: 'checkpoint' } });
  });

  it.each([
    ['another event', Buffer.from(raw.toString().replace('"run_seq":0', '"run_seq":1')), {}, 'altered'],
    ['another index', raw, { index: 1 }, 'altered'],
    ['no siblings', raw, { proof: [] }, 'altered'],
    ['another root', raw, { checkpoint: signed(Buffer.alloc(32)) }, 'altered'],
    ['a checkpoint of another log', raw, { checkpoint: signed(root, 'writ/ten_x') }, 'foreign'],
    ['a signature that does not fit', raw, { checkpoint: proof.checkpoint.replace('\n2\n', '\n3\n') }, 'altered'],
    ['something that is no checkpoint', raw, { checkpoint: '<b>' }, 'unreadable'],
    ['an event in another spelling', Buffer.from(` ${raw.toString()}`), {}, 'not_canonical'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe]), {}, 'not_canonical'],
    ['a list', Buffer.from('[1]'), {}, 'foreign'],
    ['nothing', Buffer.from('null'), {}, 'not_canonical'],
  ])('[I9] with %s is broken, and says why', async (_what, bytes, change, fault) => {
    const report = await verifyEvent(bytes, { ...proof, ...change }, trust);
    expect([report.verdict, report.problems[0]?.fault]).toEqual(['broken', fault]);
  });
});
