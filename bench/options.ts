import { parseArgs } from 'node:util';
import type { Workload } from './protocol';
import { SEALED, SYSTEMS, type SystemName } from './w5';

export const NAMES = [
  'p1',
  'p2',
  'p3',
  'p4',
  'p5',
  'p6',
  'p7',
  'p7-lag',
  'p8',
  'p9',
  'p10',
  'p11',
  'p12',
  'p13',
  'waiting',
  'profile',
] as const;
export type Name = (typeof NAMES)[number];

export interface Options {
  readonly quick: boolean;
  readonly names: ReadonlySet<Name>;
  readonly systems: readonly SystemName[];
  readonly rounds: number;
  readonly windowMs: number;
  readonly countMs: number;
  /** Rules of the policy comparison. */
  readonly rules: number;
  readonly concurrency: number;
  /** Of profile. */
  readonly workload: Workload;
}

export const USAGE = `npm run bench -- [name…] [options]
names    ${NAMES.join(' ')}; none means all but profile
  --quick             shorter windows and a smaller policy: for a look, not for a claim
  --only=a,b          these systems only: ${SYSTEMS.join(',')}
  --rounds=n          windows of each system (3)
  --seconds=s         length of a window (2.5)
  --concurrency=n     of profile (64)
  --workload=w5|f8    of profile (w5)
  --sequencer         also measure ours while its evidence is sealed (${SEALED})
`;

/** Throws with a sentence for what it does not understand. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      concurrency: { type: 'string' },
      workload: { type: 'string' },
      sequencer: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  const quick = values.quick === true;
  const names = positionals.map((name) => member(name, NAMES, 'benchmark'));
  const only = values.only?.split(',').map((name) => member(name, SYSTEMS, 'system'));
  return {
    quick,
    names: new Set(names.length > 0 ? names : NAMES.filter((name) => name !== 'profile')),
    systems: SYSTEMS.filter((name) => only?.includes(name) ?? (name !== SEALED || values.sequencer === true)),
    rounds: positive(values.rounds, 3),
    windowMs: positive(values.seconds, quick ? 1 : 2.5) * 1000,
    countMs: quick ? 1000 : 2500,
    rules: quick ? 10_000 : 100_000,
    concurrency: positive(values.concurrency, 64),
    workload: member(values.workload ?? 'w5', ['w5', 'f8'], 'workload'),
  };
}

function member<T extends string>(name: string, of: readonly T[], what: string): T {
  const found = of.find((each) => each === name);
  if (found === undefined) throw new Error(`there is no ${what} "${name}": ${of.join(', ')}`);
  return found;
}

function positive(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`"${text}" is not a number above zero`);
  return value;
}
