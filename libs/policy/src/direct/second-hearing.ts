import { type Candidate, standing, TENANT_COLUMN } from '@writ/rules';
import type { Question } from '../casbin';
import type { Hearing } from '../hearing';
import type { Entry } from '../entries';
import type { Sample } from './sample';

type Facts = Parameters<NonNullable<Entry['test']>['evaluate']>[0];

export interface Heard {
  readonly section: Sample['section'];
  readonly requests: readonly Question['request'][];
  readonly candidates: readonly Candidate<Entry>[];
  readonly hearing: Hearing;
  readonly facts: Facts;
}

/** What was heard, put down for a second hearing. */
export function sampleOf({ section, requests, candidates, hearing, facts }: Heard): Sample {
  const held: { [rid: string]: boolean } = {};
  for (const { entry } of candidates) {
    held[entry.rid] = entry.test === null || standing(entry.effect, entry.test.evaluate(facts).truth) === 'matched';
  }
  const covered = hearing.matches.filter(({ effect, error }) => effect === 'deny' || error === undefined);
  const ours = requests.map(([first, second, third, fourth]): Question['request'] =>
    section === 'p' ? [first, TENANT_COLUMN, third, fourth] : [first, second, TENANT_COLUMN, fourth],
  );
  return { section, requests: ours, held, covered: covered.map(({ rid }) => rid) };
}
