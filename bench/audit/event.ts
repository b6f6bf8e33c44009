import type { AuditDraft } from '@writ/audit';
import { newId, type RunId, type TenantId } from '@writ/kernel';

/** One event of evidence, about 516 bytes as it is stored: what every audit system here appends. */
export const auditDraft = (tenant: TenantId, run: RunId, step: number): AuditDraft => ({
  id: newId('event'),
  tenant,
  origin: `writ/${tenant}`,
  type: 'action.settled',
  time: new Date().toISOString(),
  run,
  step,
  attempt: 1,
  actor: 'agent:clerk',
  action: 'tool.invoke',
  outcome: 'ok',
  result: 'hmac-sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  trace: '0af7651916cd43dd8448eb211c80319c',
});
