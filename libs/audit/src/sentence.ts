import type { AuditEvent } from './event';

type Detail = NonNullable<AuditEvent['detail']>;

/** An event in one sentence, for people. It says what the event holds and judges nothing. */
export function eventSentence(event: AuditEvent): string {
  const written = SENTENCES[event.type];
  return written ? written(event, event.detail ?? {}) : plain(event);
}

/** What a reader of another version makes of a type it does not know. */
const plain = (event: AuditEvent): string =>
  `${event.actor ?? 'Writ'}: ${[event.type, thing(event), event.outcome].filter((part) => part !== undefined && part !== '').join(' ')}.`;

const who = ({ actor }: AuditEvent): string => actor ?? 'Writ';

const thing = ({ object }: AuditEvent): string => (object ? `${object.type} ${object.id}` : '');

/** `the tool pay`, `run.start on workflow desk`: an act as its request says it. */
const act = (event: AuditEvent): string =>
  [event.action ?? 'something', 'on', thing(event)].join(' ').replace(/ on $/, '');

const tried = ({ step, attempt }: AuditEvent): string =>
  step === undefined ? '' : ` (step ${step}${attempt !== undefined && attempt > 1 ? `, attempt ${attempt}` : ''})`;

const cap = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const because = ({ decision }: AuditEvent): string => (decision ? `: ${decision.reason.replaceAll('_', ' ')}` : '');

const said = (detail: Detail, name: string): string => {
  const value = detail[name];
  return value === undefined || value === null ? '' : String(value);
};

const WAITS: { readonly [kind: string]: string } = {
  signal: 'a signal or a time',
  child: 'a run it started',
  message: 'a message between its agents',
  pause: 'somebody to resume it',
  stop: 'the release of a stop',
  approval: 'an approval',
  input: 'an answer to a question',
  reconciliation: 'somebody to say what became of a lost call',
  rate: 'its turn of a rate',
  retry: 'its next try',
};

const CHECKED: { readonly [outcome: string]: string } = {
  passed: 'nothing stands against it',
  fired: 'it may not pass',
  redacted: 'something was taken out of it',
  failed: 'it could not tell',
};
const checkWords = (outcome: string | undefined): string => CHECKED[outcome ?? ''] ?? words(outcome);

const short = (digest: string): string => (digest.startsWith('sha256:') ? digest.slice(0, 19) : digest);

type Sentence = (event: AuditEvent, detail: Detail) => string;

const SENTENCES: { readonly [type: string]: Sentence | undefined } = {
  context: (_, detail) => `${contextWords(said(detail, 'context'))}.`,
  'run.requested': (event) => `${who(event)} asked to start ${event.object?.id ?? 'a run'}, which people must let.`,
  'run.started': (event) => `${who(event)} started ${event.object?.id ?? 'a run'}.`,
  'run.waiting': (_, detail) => `The run waits for ${WAITS[said(detail, 'for')] ?? said(detail, 'for')}.`,
  'run.resumed': (_, detail) => `Worker ${said(detail, 'worker')} took the run over from one that was gone.`,
  'run.finished': ({ outcome }, detail) =>
    `The run ended: ${words(outcome)}${said(detail, 'code') ? `, ${words(said(detail, 'code'))}` : ''}${drawn(detail)}.`,
  'run.paused': (_, detail) => `${said(detail, 'by')} held the run${why(detail)}`,
  'run.continued': (_, detail) => `${said(detail, 'by')} let the run go on${why(detail)}`,
  'run.redriven': (_, detail) => `${said(detail, 'by')} took the run out of quarantine${why(detail)}`,
  'run.upgraded': ({ object, outcome }, detail) =>
    outcome === 'moved'
      ? `The run goes on by other versions of ${object?.id ?? 'its workflow'}.`
      : `The run stays with its versions of ${object?.id ?? 'its workflow'}: ${said(detail, 'because')}`.replace(
          /\.?$/,
          '.',
        ),
  'run.forked': (event, detail) =>
    `${who(event)} forked it from event ${said(detail, 'at')} of ${event.object?.id ?? 'a run'}, with ${said(detail, 'effects')} effects${why(detail)}`,
  'run.child_told': ({ object }, detail) => `The run ${object?.id ?? ''} was told to end${why(detail)}`,
  'run.child_ended': ({ object, outcome }) => `The run ${object?.id ?? ''} it started ended: ${words(outcome)}.`,
  'run.quarantined': ({ outcome }, detail) =>
    outcome === 'unit_refused'
      ? 'The run was set aside: the database refused its data.'
      : `The run was set aside (${words(outcome)}): ${said(detail, 'detail')}`.replace(/\.?$/, '.'),
  'action.authorized': (event) => `${who(event)} was allowed ${act(event)}${tried(event)}.`,
  'action.denied': (event) => `${who(event)} was refused ${act(event)}${tried(event)}${because(event)}.`,
  'action.asked': (event) => `${who(event)} asked for ${act(event)}${tried(event)}, which a person must approve.`,
  'action.settled': (event, detail) =>
    said(detail, 'stubbed')
      ? `What came of it before was given back${tried(event)}; nothing was sent.`
      : event.outcome === 'ok'
        ? `What was allowed was done${tried(event)}.`
        : `What was allowed failed${tried(event)}: ${words(event.outcome)}.`,
  'action.unknown': (event, detail) =>
    `Nobody knows what became of it${tried(event)}: ${words(said(detail, 'reason'))}.`,
  'action.reconciled': (event, detail) =>
    `${said(detail, 'by')} said of the lost call${tried(event)}: ${words(event.outcome)}.`,
  'handoff.made': (event) => `Control moved to the next agent${tried(event)}.`,
  'plan.updated': (_event, detail) =>
    `Version ${said(detail, 'version')} of the plan of ${said(detail, 'path') || 'the workflow'} was written: ${said(detail, 'tasks')} tasks.`,
  'work.returned': ({ outcome }, detail) => `Work given to ${said(detail, 'agent')} came back (${words(outcome)}).`,
  'route.chosen': ({ outcome }, detail) =>
    `${said(detail, 'router')} was asked which way ${said(detail, 'path') || 'the workflow'} goes, and said ${words(outcome)}.`,
  'guardrail.checked': (event, detail) =>
    `Guardrail ${event.object?.id ?? ''} looked at what ${said(detail, 'boundary') === 'input' ? `${who(event)} is about to hear` : said(detail, 'tool') ? `${who(event)} is about to send to ${said(detail, 'tool')}` : 'the run is about to answer'}: ${checkWords(event.outcome)}${said(detail, 'found') ? ` (${said(detail, 'found')})` : ''}.`,
  'branches.joined': ({ outcome }, detail) =>
    `The branches of ${said(detail, 'path') || 'the workflow'} were joined (${words(outcome)}): ${said(detail, 'merged')} merged, ${said(detail, 'cancelled')} cancelled.`,
  'budget.exhausted': (_, detail) =>
    `The budget ended ${said(detail, 'path') || 'the workflow'}: ${said(detail, 'reason')}.`,
  'mail.consumed': (_, detail) => `The run took up what ${said(detail, 'by')} sent: ${words(said(detail, 'kind'))}.`,
  'question.asked': (_, detail) => `A run of ${said(detail, 'workflow')} asked people something.`,
  'question.answered': (event, detail) => `${who(event)} answered what a run of ${said(detail, 'workflow')} asked.`,
  'review.drawn': (event, detail) =>
    `A run of ${said(detail, 'workflow')} (${event.tier ?? 'some'} risk) was drawn for people to look at within ${said(detail, 'within_days')} days.`,
  'review.claimed': (event, detail) => `${who(event)} took the review of a run of ${said(detail, 'workflow')}.`,
  'review.released': (event, detail) => `${who(event)} gave the review of a run of ${said(detail, 'workflow')} back.`,
  'review.decided': (event, detail) =>
    event.outcome === 'concern'
      ? `${who(event)} looked at a run of ${said(detail, 'workflow')} and raised a concern.`
      : `${who(event)} looked at a run of ${said(detail, 'workflow')} and found it fine.`,
  'approval.requested': (event, detail) =>
    `${who(event)} asked people to approve ${event.action ?? 'an act'} on ${said(detail, 'target')}${said(detail, 'edit_of') ? ', with other arguments' : ''}.`,
  'approval.voted': (event) =>
    `${who(event)} ${event.outcome === 'reject' ? 'rejected' : 'voted for'} ${thing(event)}.`,
  'approval.commented': (event) => `${who(event)} commented on ${thing(event)}.`,
  'approval.edited': (event) => `${who(event)} changed the arguments of ${thing(event)}, and approves those.`,
  'approval.escalated': (event) => `Others may decide about ${thing(event)} as well.`,
  'approval.granted': (event) => `${who(event)} completed the approval of ${thing(event)}.`,
  'approval.rejected': (event) => `${who(event)} settled ${thing(event)}: rejected.`,
  'approval.expired': (event) => `Nobody settled ${thing(event)} in time, which denies it.`,
  'approval.withdrawn': (event) => `${cap(thing(event))} is no longer what is asked: ${words(event.outcome)}.`,
  'approval.used': (event) => `${who(event)} acted under ${thing(event)}, which is thereby used.`,
  'approval.stand_in_set': (event, detail) =>
    `${who(event)} let ${said(detail, 'deputy')} decide in place of ${said(detail, 'absent')} until ${said(detail, 'until')}.`,
  'approval.stand_in_ended': (event, detail) =>
    `${who(event)} ended that ${said(detail, 'deputy')} decides in place of ${said(detail, 'absent')}.`,
  'obligation.notified': (event, detail) =>
    `${who(event)} is about to ${event.action ?? 'act'} on ${thing(event)}, of which others are told (${said(detail, 'obligation')}).`,
  'subscription.created': (event, detail) => `${who(event)} has ${said(detail, 'origin')} told what happens.`,
  'subscription.paused': (event, detail) => `${who(event)} paused subscription ${event.object?.id ?? ''}${why(detail)}`,
  'subscription.resumed': (event, detail) =>
    `${who(event)} resumed subscription ${event.object?.id ?? ''}${why(detail)}`,
  'subscription.removed': (event, detail) =>
    `${who(event)} removed subscription ${event.object?.id ?? ''}${why(detail)}`,
  'subscription.disabled': (event, detail) =>
    `Subscription ${event.object?.id ?? ''} is told nothing any more${why(detail)}`,
  'subscription.tested': (event) => `${who(event)} tested subscription ${event.object?.id ?? ''}.`,
  'policy.matchers_disagreed': (_, detail) =>
    `A process found its own matcher of rules and Casbin in disagreement and goes by Casbin alone: ${said(detail, 'found')}.`,
  'policy.activated': (event, detail) =>
    `${who(event)} put ${said(detail, 'reason') ? 'the platform’s guardrails and with them ' : ''}policy ${short(event.object?.id ?? '')} in force${said(detail, 'previous') ? ` in place of ${short(said(detail, 'previous'))}` : ''}${why(detail)}`,
  'delegation.revoked': (event, detail) =>
    `${who(event)} took back delegation ${event.object?.id ?? ''} of run ${said(detail, 'run')}${why(detail)}`,
  'decision.evaluated': (event) =>
    `${who(event)} asked whether ${event.action ?? 'an act'} is allowed in an application: ${event.decision?.verdict === 'allow' ? 'it is' : 'it is not'}${because(event)}.`,
  'decision.searched': (event, detail) =>
    `${who(event)} asked for every ${said(detail, 'wanted')} that ${event.action ?? 'an act'} on ${event.object?.id ?? 'things'} is allowed for or with: ${said(detail, 'found')} on this page.`,
  'directory.set': (event, detail) =>
    `${who(event)} said what is known of ${said(detail, 'entries')} of type ${event.object?.id ?? ''} (${said(detail, 'properties')}).`,
  'directory.removed': (event, detail) =>
    `${who(event)} removed ${said(detail, 'entries')} of type ${event.object?.id ?? ''} from the directory.`,
  'stop.set': (event, detail) =>
    `${who(event)} stopped ${[said(detail, 'scope'), said(detail, 'target')].join(' ').trim()}: ${said(detail, 'reason')}`.replace(
      /\.?$/,
      '.',
    ),
  'stop.released': (event, detail) =>
    `${who(event)} released stop ${event.object?.id ?? ''}: ${said(detail, 'reason')}`.replace(/\.?$/, '.'),
  'stop.release_asked': (event, detail) =>
    `${who(event)} asked for the release of stop ${event.object?.id ?? ''}: ${said(detail, 'reason')}`.replace(
      /\.?$/,
      '.',
    ),
  'stop.drill': (event, detail) =>
    `${who(event)} drilled a stop: ${said(detail, 'instances')} processes applied it, the last after ${said(detail, 'last_ms')} ms; ${said(detail, 'residue')} calls were on their way.`,
  'budget.set': (event, detail) =>
    `${who(event)} limited ${budgetWords(detail)} to ${said(detail, 'limit')}: ${said(detail, 'reason')}`.replace(
      /\.?$/,
      '.',
    ),
  'budget.removed': (event, detail) =>
    `${who(event)} lifted ${thing(event)}: ${said(detail, 'reason')}`.replace(/\.?$/, '.'),
  'budget.warning': (_, detail) =>
    `${said(detail, 'spent')} of ${said(detail, 'limit')} ${budgetWords(detail)} are spent, and ${said(detail, 'reserved')} reserved.`,
  'admission.set': (event, detail) =>
    `${who(event)} limited the tenant to ${admissionWords(detail)}: ${said(detail, 'reason')}`.replace(/\.?$/, '.'),
  'admission.granted': (event, detail) =>
    `${who(event)} gave the tenant weight ${said(detail, 'weight')} and at most ${admissionWords(detail)}: ${said(detail, 'reason')}`.replace(
      /\.?$/,
      '.',
    ),
  'definition.published': (event) => `${who(event)} published ${thing(event)}, version ${event.object?.version ?? 1}.`,
  'key.created': (event, detail) => `${who(event)} created ${thing(event)} for ${said(detail, 'principal')}.`,
  'key.revoked': (event, detail) => `${who(event)} revoked ${thing(event)} of ${said(detail, 'principal')}.`,
  'identity.proven': (event) => `${who(event)} proved anew who they are, with ${thing(event)}.`,
  'session.created': (event) => `${who(event)} logged in with ${thing(event)}.`,
  'session.ended': (event) => `${who(event)} logged out.`,
  'tenant.created': (event) => `${who(event)} created ${thing(event)}.`,
  'access.denied': (event, detail) =>
    `${who(event)} was refused ${act(event)}${because(event)}${said(detail, 'reason') ? `: ${words(said(detail, 'reason'))}` : ''}.`,
  'access.read': (event, detail) =>
    `${who(event)} read evidence${said(detail, 'events') ? ` (${said(detail, 'events')} events)` : ''}.`,
  'log.opened': (_, detail) =>
    `The log began anew as ${said(detail, 'origin')}: ${said(detail, 'reason')}`.replace(/\.?$/, '.'),
  'log.key_rotated': (_, detail) =>
    `The log’s key changed from ${said(detail, 'old_key')} to ${said(detail, 'new_key')}.`,
  'batch.created': (event, detail) =>
    `${who(event)} began ${thing(event)}: ${said(detail, 'items')} runs of ${said(detail, 'workflow')}.`,
  'batch.cancelled': (event, detail) => `${who(event)} cancelled ${thing(event)}${why(detail)}`,
  'batch.finished': (event) => `${cap(thing(event))} is over: ${words(event.outcome)}.`,
  'trigger.created': (event, detail) =>
    `${who(event)} created trigger ${said(detail, 'name')} of ${said(detail, 'workflow')}.`,
  'trigger.paused': (event, detail) => `${who(event)} paused trigger ${said(detail, 'name')}${why(detail)}`,
  'trigger.resumed': (event, detail) => `${who(event)} resumed trigger ${said(detail, 'name')}${why(detail)}`,
  'trigger.retired': (event, detail) => `${who(event)} retired trigger ${said(detail, 'name')}${why(detail)}`,
  'trigger.secret_rotated': (event, detail) =>
    `${who(event)} gave trigger ${said(detail, 'name')} a new secret${why(detail)}`,
  'trigger.fired': ({ outcome }, detail) =>
    outcome === 'started'
      ? `Trigger ${said(detail, 'name')} started ${said(detail, 'run')}.`
      : `Trigger ${said(detail, 'name')} fired and was refused: ${words(outcome)}.`,
  'trigger.missed': (_, detail) =>
    `Trigger ${said(detail, 'name')} was not fired from ${said(detail, 'from')} to ${said(detail, 'to')}.`,
};

/** Whether people look at a run that ended, where some of its tier are drawn. */
const drawn = (detail: Detail): string => {
  const review = said(detail, 'review');
  return review === '' || review === 'none' ? '' : ', and it is drawn for people to look at';
};

/** `: the reason.` or just the end of the sentence. */
const why = (detail: Detail): string =>
  said(detail, 'reason') === '' ? '.' : `: ${said(detail, 'reason')}`.replace(/\.?$/, '.');

/** `tool calls of workflow desk in a day`. */
const budgetWords = (detail: Detail): string => {
  const of = [said(detail, 'scope'), said(detail, 'target')].join(' ').trim();
  const period = said(detail, 'period');
  return `${words(said(detail, 'dimension'))} of ${of === 'tenant' ? 'the tenant' : of}${period === 'total' ? '' : ` in a ${period}`}`;
};

/** `8 runs led at once and any number in line`. */
const admissionWords = (detail: Detail): string =>
  `${said(detail, 'most_active') || 'any number of'} runs led at once and ${said(detail, 'most_in_line') || 'the usual number'} in line`;

const words = (code: string | undefined): string => (code ?? 'unknown').replaceAll('_', ' ');

/** Who acts for whom from here on, out of the canonical JSON of a `context` event. */
function contextWords(text: string): string {
  try {
    const { initiator, chain } = JSON.parse(text) as { initiator?: string; chain?: { agent: string }[] };
    const agents = (chain ?? []).map(({ agent }) => agent).join(', then ');
    return `From here on ${agents === '' ? 'the run' : `agent ${agents}`} acts for ${initiator ?? 'nobody'}`;
  } catch {
    return 'From here on the run acts under another context';
  }
}
