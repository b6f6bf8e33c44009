import pc from 'picocolors';
import type { Io } from './io';

/** Colour for terminals only, and never where NO_COLOR is set (no-color.org). */
export class Paint {
  readonly #colours: ReturnType<typeof pc.createColors>;

  constructor(io: Pick<Io, 'terminal' | 'env'>) {
    const wanted = io.terminal && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
    this.#colours = pc.createColors(wanted);
  }

  dim = (text: string): string => this.#colours.dim(text);
  bold = (text: string): string => this.#colours.bold(text);

  /** A run's status or a verdict, by how it stands. */
  standing(word: string): string {
    if (['succeeded', 'allow', 'ok'].includes(word)) return this.#colours.green(word);
    if (['failed', 'denied', 'deny', 'stopped', 'quarantined', 'timed_out'].includes(word))
      return this.#colours.red(word);
    return this.#colours.yellow(word);
  }
}
