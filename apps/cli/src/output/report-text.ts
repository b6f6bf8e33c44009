import type { EventReport, Problem, Report } from '@writ/verify';
import { count } from './progress';

const SHOWN = 10;

/** A report as people read it. */
export function reportText(report: Report, source: string): string {
  const faults = problemLines(report.problems, report.problem_count);
  if (report.origin === null) return `${[headline(report, source), ...faults].join('\n')}\n`;
  const lines = [headline(report, source), ''];
  const facts: [string, string][] = [
    ['log', `${report.origin}, as of ${report.made_at ?? 'an unknown time'}`],
    ['events', eventsText(report)],
    ['chains', `${count(report.runs)} runs`],
    ['checkpoints', checkpointsText(report)],
    ['decisions', decisionsText(report)],
    ['trust', trustText(report)],
    ...report.outside.map(({ size, state }): [string, string] => [
      'held outside',
      `checkpoint of ${count(size)}: ${OUTSIDE[state]}`,
    ]),
    ['took', tookText(report)],
  ];
  for (const [name, text] of facts) lines.push(`  ${name.padEnd(13)}${text}`);
  lines.push(...faults);
  return `${lines.join('\n')}\n`;
}

function headline({ verdict, trust, problem_count: faults }: Report, source: string): string {
  if (verdict !== 'intact') return `${source} is NOT intact: ${count(faults)} ${faults === 1 ? 'fault' : 'faults'}.`;
  if (trust.by === 'embedded')
    return `${source} is whole. Whether it is genuine is not shown: only its own keys vouch for it.`;
  return `${source} is intact.`;
}

function eventsText({ verdict, events, hidden, unsealed, size }: Report): string {
  const notShown = hidden === 0 ? '' : `, ${count(hidden)} not shown`;
  const late = unsealed === 0 ? '' : `, ${count(unsealed)} recorded but not sealed when it was made`;
  const proven = verdict === 'intact' ? `, all under the checkpoint of ${count(size)}` : '';
  return `${count(events)}${proven}${notShown}${late}`;
}

const checkpointsText = ({ checkpoints, keys, other_signatures: others }: Report): string =>
  [
    count(checkpoints),
    ...keys.map((key) => `key ${key.key_id} from ${count(key.from)} on${key.trusted ? '' : ' (not known here)'}`),
    ...others.map((one) => `also signed by ${one.name} (${one.kind})`),
  ].join('; ');

function decisionsText({ decisions: { total, allow, deny, ask, by_rules: byRules } }: Report): string {
  if (total === 0) return 'none';
  const how =
    byRules === total ? 'all from their rules' : `${count(byRules)} from their rules, the others from their stages`;
  return `${count(total)} recombined, ${how}: ${count(allow)} allow, ${count(deny)} deny, ${count(ask)} ask`;
}

function trustText({ trust, size }: Report): string {
  const reach = trust.through >= size ? '' : `, up to index ${count(trust.through)}`;
  return { ...TRUST, nothing: 'nothing' }[trust.by] + reach;
}

const TRUST = {
  key: 'signed by a key known here',
  checkpoint: 'a checkpoint held outside',
  embedded: 'only the keys the file brings',
  nothing: 'nothing',
} as const;

const OUTSIDE = {
  fits: 'the log goes on from it',
  differs: 'issued for ANOTHER history',
  hidden: 'its size lies where this export shows nothing, so it could not be compared',
  beyond: 'newer than this log',
} as const;

function tookText({ ms, content_ms: content, events, bytes }: Report): string {
  const seconds = `${(ms / 1000).toFixed(ms < 9_950 ? 2 : 1)} s`;
  const rate = (of: number): string => `${count((events * 1000) / Math.max(1, of))}/s`;
  const megabytes = `${(bytes / 1e6).toFixed(1)} MB`;
  return `${seconds} for ${megabytes}: structure ${rate(ms - content)}, content and decisions ${rate(content)}`;
}

function problemLines(problems: readonly Problem[], total: number): string[] {
  const lines = problems.slice(0, SHOWN).flatMap((problem, i) => ['', ...problemText(problem, i)]);
  if (total > SHOWN)
    lines.push('', `  … and ${count(total - Math.min(SHOWN, problems.length))} more (-o json has the first hundred)`);
  return lines;
}

function problemText(problem: Problem, i: number): string[] {
  const { fault, message, index, through, event, run, run_seq: seq, byte, expected, found } = problem;
  const range = through === undefined ? `index ${index}` : `somewhere in indices ${index} to ${through}`;
  const where = [
    index === null ? null : range,
    event && `event ${event}`,
    run && (seq === null ? `run ${run}` : `run ${run}, event ${seq} of it`),
    byte === null ? null : `byte ${byte}`,
  ].filter((part) => part !== null && part !== '');
  return [
    `  ${i === 0 ? 'first' : 'then '}  ${fault}: ${message}`,
    ...(where.length > 0 ? [`         ${where.join(', ')}`] : []),
    ...(expected === null ? [] : [`         expected ${expected}`]),
    ...(found === null ? [] : [`         found    ${found}`]),
  ];
}

export function eventText(report: EventReport): string {
  const { verdict, event, index, size, origin, trust, problems, signed_by: signedBy } = report;
  const name = event ?? 'The event';
  const by = trust.by === 'key' ? 'a key known here' : 'nobody known here';
  const standing = `index ${count(index)} of ${origin ?? 'an unknown log'}, under the checkpoint of ${count(size)}`;
  if (verdict !== 'broken') {
    const vouched = trust.by === 'checkpoint' ? 'which was held outside' : `signed by ${by} (${signedBy.join(', ')})`;
    return `${name} is in the log.\n\n  ${standing}, ${vouched}\n`;
  }
  return `${[`${name} is NOT proven.`, ...problemLines(problems, problems.length)].join('\n')}\n`;
}
