import { type Attributes } from './semantics';

/** Every figure we export, in one table. Read when the exporter asks, never pushed: a dead collector costs nothing. */
export const GAUGES = {
  queueAge: {
    name: 'writ.queue.age',
    unit: 's',
    description: 'How long the oldest admitted run has waited for a worker to lead it. Scale workers by this.',
  },
  inLine: {
    name: 'writ.queue.in_line',
    unit: '{run}',
    description: 'Runs that stand in line and are not admitted yet, per tenant.',
  },
  active: {
    name: 'writ.runs.active',
    unit: '{run}',
    description: 'Runs led, or admitted and about to be, per tenant.',
  },
  places: {
    name: 'writ.worker.places',
    unit: '{run}',
    description: 'Runs that all living workers together lead at once.',
  },
  reviewsOpen: {
    name: 'writ.reviews.open',
    unit: '{review}',
    description: 'Runs drawn for people to look at that nobody has decided, per tenant.',
  },
  reviewsOverdue: {
    name: 'writ.reviews.overdue',
    unit: '{review}',
    description: 'Of those, the ones past the day by which somebody should have looked, per tenant.',
  },
  reviewAge: {
    name: 'writ.reviews.age',
    unit: 's',
    description: 'How long ago the oldest of those was drawn, per tenant.',
  },
} as const;

export type GaugeName = keyof typeof GAUGES;

export interface Reading {
  readonly value: number;
  readonly attributes?: Attributes;
}

export type Read = () => readonly Reading[];

/** Where figures go. */
export type Meters = (name: GaugeName, read: Read) => void;

let installed: Meters | null = null;

export function installMeters(next: Meters | null): void {
  installed = next;
}

/** Exports a figure for as long as this process lives; does nothing where no exporter is configured. */
export function gauge(name: GaugeName, read: Read): void {
  installed?.(name, read);
}
