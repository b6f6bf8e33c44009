import type { RunId } from '@writ/kernel';
import { effectOf, person } from './crash-world';
import type { Scenario } from './scenario';

interface LostCall {
  readonly for: string;
  readonly step: number;
  readonly attempt: number;
  readonly not_before: number;
}

/** Answers what waits for a person the way a careful one would: by looking at the other side. */
export async function reconcileAll(scenario: Scenario, counter: string): Promise<void> {
  const { rows } = await scenario.outsider.query<{ id: RunId; wait: string }>(
    `select id, wait from writ.run where wait like '%reconciliation%'`,
  );
  for (const row of rows) {
    const { also = [], ...first } = JSON.parse(row.wait) as LostCall & { readonly also?: readonly LostCall[] };
    for (const wait of [first, ...also]) {
      if (wait.for !== 'reconciliation' || Date.now() < wait.not_before) continue;
      const happened = (await effectOf(counter, `${row.id}.${wait.step}`)).arrivals > 0;
      await scenario.engine.commands.reconcile({
        tenant: scenario.tenant,
        caller: person(scenario.tenant),
        run: row.id,
        step: wait.step,
        attempt: wait.attempt,
        verdict: happened ? 'happened' : 'did_not_happen',
        result: { count: 1 },
        note: 'looked at the other side',
      });
    }
  }
}
