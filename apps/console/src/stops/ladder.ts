import type { Stop } from './useStops';

type Mode = Stop['mode'];

/** The rungs in the words of the page, softest first: what each does beyond those before it. */
export const LADDER: readonly { readonly mode: Mode; readonly label: string; readonly means: string }[] = [
  { mode: 'throttle', label: 'Throttle', means: 'Steps go on, at most so many a minute. The rest waits.' },
  { mode: 'freeze_new', label: 'Pause new', means: 'No new run starts. What runs goes on.' },
  { mode: 'freeze_steps', label: 'After current step', means: 'No new step begins. Calls that have left finish.' },
  {
    mode: 'revoke',
    label: 'Now',
    means:
      'Also aborts calls where repeating them is harmless, and ends the keys and sessions of the agents it covers.',
  },
  { mode: 'terminate', label: 'Terminate', means: 'Also ends the runs, as stopped. They cannot be resumed.' },
];

export const rungName = (mode: Mode): string => LADDER.find((rung) => rung.mode === mode)?.label ?? mode;

/** Rungs below one: where a release may stop for a while. */
export const below = (mode: Mode): readonly Mode[] =>
  LADDER.slice(
    0,
    LADDER.findIndex((rung) => rung.mode === mode),
  ).map((rung) => rung.mode);

/** `3 running, 1 paused`. */
export const countsText = (runs: { readonly [status: string]: number }): string =>
  Object.entries(runs)
    .map(([status, count]) => `${count} ${status.replaceAll('_', ' ')}`)
    .join(', ');

/** A time to stop as people read it. */
export const msText = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
