import type { AuditDraft } from '@writ/audit';
import { canonicalJson, digestOf, type Json, newId } from '@writ/kernel';
import { buildSnapshot, guarding, parseBundle } from '@writ/policy';
import { type Report, verifyExport } from '@writ/verify';
import { MadeLog } from '../support/log-maker';

async function* whole(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function snapshots() {
  const bundle = parseBundle(`rules: ['p, *, {tenant}, *, *, , allow, , base']`);
  const platform = guarding.platform.parse(
    `guardrails: { absolute: { no_drop: { actions: [tool.invoke], objects: ['tool:drop_*'] } } }`,
  );
  if (!bundle.ok || !platform.ok) throw new Error('the policies do not stand');
  const built = [
    await buildSnapshot(bundle.value),
    await buildSnapshot({ ...bundle.value, platform: platform.value }),
  ].map((one) => {
    if (!one.ok) throw new Error(one.failure.message);
    return one.value;
  });
  const [without, added] = built as [(typeof built)[number], (typeof built)[number]];
  return { without, added, platform: digestOfPart(added.body) };
}

/** As the log tells it: the digest of the platform's document alone. */
const digestOfPart = (body: string): string =>
  digestOf(canonicalJson(guarding.platform.apart(body).platform as unknown as Json));

const act = (snapshot: string, platform: number): Partial<AuditDraft> => ({
  type: 'action.authorized',
  actor: 'user:a',
  action: 'tool.invoke',
  object: { type: 'tool', id: 'look' },
  decision: {
    id: newId('decision'),
    verdict: 'allow',
    reason: 'allowed',
    stages: [
      ['guardrail', 'allow'],
      ['initiator', 'allow', 'base'],
    ],
    mode: 'enforce',
    snapshot,
  },
  authority: { tenant: 1, platform },
});

describe('a log that tells what the platform adds from some epoch on', () => {
  async function reported(late: 'with it' | 'without it', hide = false): Promise<Report> {
    const { without, added, platform } = await snapshots();
    const told: Partial<AuditDraft> = {
      type: 'policy.activated',
      actor: 'user:operator',
      object: { type: 'policy', id: added.digest },
      detail: { previous: without.digest, platform, platform_epoch: 2, reason: 'a test' },
    };
    const log = new MadeLog()
      .append('tenant', [act(without.digest, 1), told])
      .append('tenant', [act(late === 'with it' ? added.digest : without.digest, 2)])
      .seal();
    const text = log.export((index) => !(hide && index === 1), [without, added]);
    return verifyExport(whole(text), { trust: { keys: [log.key.vkey] } });
  }

  it('is intact where acts passed by what had been added by then', async () => {
    const { verdict, decisions, problems } = await reported('with it');
    expect([problems, verdict, decisions.by_rules]).toEqual([[], 'intact', 2]);
  });

  it('is broken where one passed under a policy without that, and says which', async () => {
    const { verdict, problems } = await reported('without it');
    expect(verdict).toBe('broken');
    expect(problems).toMatchObject([{ fault: 'decision', index: 2 }]);
    expect(problems[0]!.message).toContain('the act passed under one without that');
  });

  it('says nothing of it where the log is not shown whole', async () => {
    expect((await reported('without it', true)).verdict).toBe('intact');
  });
});
