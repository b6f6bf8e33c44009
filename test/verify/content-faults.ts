import type { Client } from 'pg';
import { Content } from '../../libs/verify/src/content';
import { Problems } from '../../libs/verify/src/report';

/**
 * What whoever checks a tenant's log offline would say of the content of all its evidence so far, sealed or not: verdicts that
 * their reasons do not give, draws that do not follow. Every decision has to be one that its rules can be held to.
 */
export async function contentFaults(outsider: Client, tenant: string): Promise<readonly string[]> {
  const problems = new Problems();
  const content = new Content({ tenant }, problems);
  const bundles = await outsider.query<{ digest: string; body: string }>(
    `select digest, body from writ.policy_bundle where tenant = $1`,
    [tenant],
  );
  for (const { digest, body } of bundles.rows) content.policy(digest, body, 0);
  const { rows } = await outsider.query<{ events: string }>(
    `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 order by run, seq`,
    [tenant],
  );
  const bytes = new TextEncoder();
  for (const line of rows.flatMap(({ events }) => events.split('\n'))) {
    content.event(bytes.encode(line), { index: 0, byte: null }, false);
  }
  content.end(true);
  expect(content.decisions.by_rules).toBe(content.decisions.total);
  return problems.first().map(({ message }) => message);
}
