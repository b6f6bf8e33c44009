import { createHmac } from 'node:crypto';
import { randomBytes } from '@writ/kernel';

/** An event of the tenant's stream, as far as a message is made of it. */
export interface StreamEvent {
  readonly id: string;
  readonly tenant: string;
  readonly origin: string;
  readonly type: string;
  readonly time: string;
  readonly object?: { readonly type: string; readonly id: string };
  readonly outcome?: string;
  readonly detail?: { readonly [name: string]: unknown };
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * What is sent: a CloudEvents 1.0 event that is a Standard Webhooks payload at once. It is thin: ids, type and outcome, and
 * where to look; what happened stays behind the API and its rights. It carries no authority.
 */
export function messageOf(event: StreamEvent): string {
  const { id, tenant, origin, type, time, object, outcome, detail } = event;
  const run = object?.type === 'run' ? object.id : text(detail?.['run']);
  const question = text(detail?.['question']);
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: origin,
    type,
    ...(object && { subject: `${object.type}/${object.id}` }),
    time,
    timestamp: time,
    datacontenttype: 'application/json',
    data: {
      tenant,
      ...(object && { object: { type: object.type, id: object.id } }),
      ...(run !== null && { run }),
      ...(question !== null && { question }),
      ...(outcome !== undefined && { outcome }),
      link: linkOf(event, question),
    },
  });
}

/** Path of the console where it is seen. */
function linkOf({ id, object }: StreamEvent, question: string | null): string {
  if (question !== null) return `/questions?tab=all&sel=${question}&view=peek`;
  switch (object?.type) {
    case 'approval':
      return `/approvals?tab=open&sel=${object.id}&view=peek`;
    case 'stop':
      return `/stops?sel=${object.id}`;
    case 'budget':
      return '/budgets';
    default:
      return `/audit?sel=${id}&from=all`;
  }
}

const PREFIX = 'whsec_';

export const newSecret = (): string => PREFIX + Buffer.from(randomBytes(32)).toString('base64');

/** Headers of the Standard Webhooks specification, version 1. The id is the event's: whoever gets it twice knows it. */
export function headersOf(
  secret: string,
  message: { readonly id: string; readonly body: string; readonly now: number },
): { readonly [name: string]: string } {
  const { id, body, now } = message;
  const timestamp = String(Math.floor(now / 1000));
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'user-agent': 'writ',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
