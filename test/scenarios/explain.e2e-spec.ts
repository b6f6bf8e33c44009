import type { RunId } from '@writ/kernel';
import { decide, explaining } from '@writ/policy';
import { type Desk, openDesk } from './desk';
import { manyKinds } from './many-kinds';

let desk: Desk;
let kinds: Readonly<Record<string, RunId>>;
beforeAll(async () => {
  desk = await openDesk();
  kinds = await manyKinds(desk);
});
afterAll(() => desk.close());

describe('a decision of a run that is long over', () => {
  it('is asked again as it was asked: the same act, by the same agents, with what was known then', async () => {
    const { tenant, engine } = desk.scenario;
    let again = 0;
    for (const [kind, run] of Object.entries(kinds)) {
      for (const made of (await engine.queries.decisions(tenant, run, { limit: 200 }))!.data) {
        const past = await engine.queries.decided(tenant, made.id);
        expect([kind, past?.decision.id]).toEqual([kind, made.id]);
        // A stop has no place in a request, and may be gone by now; what people answered is not what was asked.
        if (!past?.request || ['stopped', 'approved'].includes(made.reason)) continue;
        expect([kind, past.request.action]).toEqual([kind, made.action]);
        // A read is decided about the fact it brings, and shown by the tool that brings it.
        if (made.action !== 'data.read') expect(past.request.object.id).toBe(made.object['id']);
        const authority = { ...(await engine.authority.get(tenant)), stops: [] };
        const { verdict, reason, snapshot } = decide(authority, past.request);
        if (snapshot !== made.snapshot) continue;
        expect([kind, made.step, verdict, reason]).toEqual([kind, made.step, made.verdict, made.reason]);
        again += 1;
      }
    }
    expect(again).toBeGreaterThan(10);
  });

  it('that refused says what would have allowed it, with the value that was read', async () => {
    const { tenant, engine } = desk.scenario;
    const decisions = (await engine.queries.decisions(tenant, kinds['refused']!, { limit: 200 }))!.data;
    const refused = decisions.find(({ verdict }) => verdict === 'deny')!;
    const past = await engine.queries.decided(tenant, refused.id);
    const { chain, remedies } = await explaining.explain(await engine.authority.get(tenant), past!.request!);
    expect(chain.map(({ subject }) => subject)).toEqual([past!.request!.initiator.id, 'agent:clerk']);
    expect(remedies[0]?.sentence).toContain('resource.owner equals initiator.id: got user:bob');
  });
});
