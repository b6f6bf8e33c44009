import type { Command } from '../command';
import { ACTION, CONTEXT, entity, ofContext, RESOURCE, SUBJECT } from './access';
import { given } from './read-value';
import { asRow } from './rows';

const TASK = { usage: '<task>', description: 'id of the request, apr_…, from `writ access request`' };

const request: Command = {
  name: 'access request',
  summary: 'Ask people for access that the policy denies until they agree',
  description:
    'Evaluates first; where the denial says that people can be asked, asks them. Ends with 6 while they are, and 5 where nobody can be asked. Behind WRIT_AUTHZEN_DRAFTS of the control plane.',
  args: [SUBJECT, ACTION, RESOURCE],
  options: [
    CONTEXT,
    { flags: '--why <text>', description: 'shown to those who decide' },
    { flags: '--until <time>', description: 'access is good until then at most (ISO time)' },
  ],
  examples: ['access request user:ann pay record:101 --why "the customer is on the phone"'],
  calls: ['POST /access/v1/evaluation', 'POST /access/v1/requests'],
  async run(context, call) {
    const client = context.client();
    const question = {
      subject: entity(call.arg(0)),
      action: { name: call.arg(1) },
      resource: entity(call.arg(2)),
      ...(await ofContext(context, call)),
    };
    const options = { signal: context.signal };
    const answer = await client.authorize(question, options);
    if (answer.allowed) {
      context.hint('It is allowed already; nobody was asked.');
      return { output: { kind: 'one', row: asRow(answer), id: answer.id ?? '' } };
    }
    if (answer.askable === null) {
      context.hint(`Nobody can be asked: ${answer.reason ?? 'it is denied'}.`);
      return { output: { kind: 'one', row: asRow(answer), id: answer.id ?? '' }, exit: 'refused' };
    }
    const wanted = given({ why: call.text('why'), until: call.text('until') });
    const { task } = await client.requestAccess(question, { ...wanted, denial: answer.askable }, options);
    context.hint(`Look at it with \`writ access task ${task.id}\`.`);
    return { output: { kind: 'one', row: asRow(task), id: task.id }, exit: 'waiting' };
  },
};

const EXITS = {
  pending: 'waiting',
  approved: undefined,
  denied: 'refused',
  expired: 'refused',
  cancelled: 'refused',
} as const;

const task: Command = {
  name: 'access task',
  summary: 'Show how a request for access stands',
  description: 'Ends with 6 while people are asked, and 5 where they refused or did not answer.',
  args: [TASK],
  options: [{ flags: '--wait', description: 'until it is decided' }],
  examples: ['access task apr_01k8x0q3wsf5z8k2m4n6p8r0t7', 'access task apr_01k8x0q3wsf5z8k2m4n6p8r0t7 --wait'],
  calls: ['GET /access/v1/requests/{id}'],
  async run(context, call) {
    const options = { signal: context.signal };
    const client = context.client();
    const answer = await (call.flag('wait')
      ? client.waitForAccess(call.arg(0), options)
      : client.access.task(call.arg(0), options));
    const exit = EXITS[answer.task.status];
    return { output: { kind: 'one', row: asRow(answer), id: answer.task.id }, ...(exit && { exit }) };
  },
};

const cancel: Command = {
  name: 'access cancel',
  summary: 'Take back a request for access that nobody has answered',
  args: [TASK],
  examples: ['access cancel apr_01k8x0q3wsf5z8k2m4n6p8r0t7'],
  calls: ['POST /access/v1/requests/{id}/cancel'],
  async run(context, call) {
    const { task: ended } = await context.client().access.cancel(call.arg(0), { signal: context.signal });
    return { output: { kind: 'one', row: asRow(ended), id: ended.id } };
  },
};

export const ACCESS_REQUEST_COMMANDS: readonly Command[] = [request, task, cancel];
