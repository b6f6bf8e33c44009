import type { Io } from './io';
import type { Format } from './output';
import { Paint } from './paint';

export interface ProgressOptions {
  /** What is going on, such as `verifying`. */
  readonly label: string;
  /** What is counted, in the plural, such as `events`. */
  readonly unit: string;
  /** How many there will be; unknown when null. */
  readonly total: number | null;
  readonly format: Format;
  readonly quiet: boolean;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const DRAW_MS = 100;
/** Where nobody watches a line being redrawn: one line each tenth, and no silence longer than this. */
const SILENCE_MS = 10_000;
const BAR = 24;

/**
 * How far a long command is, on standard error: a bar with count, rate and time left on a terminal (a spinner while the
 * total is unknown), one line each tenth or ten seconds elsewhere, objects with a `progress` member under `-o ndjson`.
 * `update` may be called as often as one likes. Nothing is drawn when the command is quiet.
 */
export class Progress {
  readonly #began = performance.now();
  #done = 0;
  #drawnAt = 0;
  #tenth = 0;
  #frame = 0;

  constructor(
    private readonly io: Pick<Io, 'err' | 'drawable' | 'terminal' | 'env' | 'width'>,
    private readonly options: ProgressOptions,
  ) {}

  update(done: number): void {
    this.#done = done;
    if (this.options.quiet) return;
    const now = performance.now();
    if (this.io.drawable && this.options.format !== 'ndjson') {
      if (now - this.#drawnAt < DRAW_MS) return;
      this.#drawnAt = now;
      this.io.err(`\r${this.#line()}\u001b[K`);
      return;
    }
    const tenth = Math.floor((10 * done) / (this.options.total ?? Infinity));
    if (tenth <= this.#tenth && now - Math.max(this.#drawnAt, this.#began) < SILENCE_MS) return;
    this.#tenth = tenth;
    this.#drawnAt = now;
    this.io.err(this.options.format === 'ndjson' ? this.#object() : `${this.#plain()}\n`);
  }

  /** Takes the bar off the terminal; what it led to is the caller's to say. */
  end(): void {
    if (!this.options.quiet && this.io.drawable && this.#drawnAt > 0) this.io.err('\r\u001b[K');
  }

  /** Counted so far, a second. */
  get rate(): number {
    return (this.#done * 1000) / Math.max(1, performance.now() - this.#began);
  }

  #line(): string {
    const { total, label } = this.options;
    const paint = new Paint({ terminal: true, env: this.io.env });
    this.#frame = (this.#frame + 1) % FRAMES.length;
    if (total === null) return `${FRAMES[this.#frame]} ${label} ${paint.dim(this.#counts())}`;
    const full = Math.round(BAR * Math.min(1, this.#done / Math.max(1, total)));
    return `${label} ${'█'.repeat(full)}${paint.dim('░'.repeat(BAR - full))} ${paint.dim(this.#counts())}`;
  }

  #plain(): string {
    const { label, total } = this.options;
    const percent = total === null ? '' : ` ${Math.floor((100 * this.#done) / Math.max(1, total))} %`;
    return `${label}${percent}, ${this.#counts()}`;
  }

  #counts(): string {
    const { total, unit } = this.options;
    const of = total === null ? '' : ` of ${count(total)}`;
    const left = total === null || this.rate === 0 ? '' : `, ${((total - this.#done) / this.rate).toFixed(1)} s left`;
    return `${count(this.#done)}${of} ${unit}, ${count(this.rate)}/s${left}`;
  }

  #object(): string {
    const { label, total, unit } = this.options;
    return `${JSON.stringify({ progress: { label, done: this.#done, total, unit, per_second: Math.round(this.rate) } })}\n`;
  }
}

/** Whole numbers with thin groups: 1,234,567. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');
