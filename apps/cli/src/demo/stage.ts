import type { Io } from '../output/io';
import { Paint } from '../output/paint';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const MARGIN = '     ';

interface Going {
  readonly label: () => string;
  readonly since: number;
}

/** Thrown by a claim that does not hold: the act failed, and says what was expected of it. */
export class ClaimFailed extends Error {
  override readonly name = 'ClaimFailed';
}

/**
 * Where the demo is told, on standard error: lines, and on a terminal one last line that moves. What is told as proved is
 * checked in the same breath: `claim` prints its sentence only when it holds, and throws otherwise.
 */
export class Stage {
  readonly paint: Paint;
  readonly #going: Going[] = [];
  #timer: NodeJS.Timeout | null = null;
  #frame = 0;

  constructor(
    readonly io: Pick<Io, 'err' | 'drawable' | 'env' | 'width'>,
    private readonly quiet: boolean,
  ) {
    this.paint = new Paint({ terminal: io.drawable, env: io.env });
  }

  /** Characters of a line of `say`; where no terminal cuts one, as many as it takes. */
  get width(): number {
    return this.io.drawable ? this.io.width - MARGIN.length - 2 : Infinity;
  }

  title(text: string): void {
    this.#print(`\n  ${this.paint.bold(text)}\n`);
  }

  act(number: number, of: number, title: string): void {
    this.#print(`\n  ${this.paint.dim(`${number}/${of}`)}  ${this.paint.bold(title)}\n`);
  }

  say(text: string): void {
    this.#print(`${MARGIN}  ${text}\n`);
  }

  /** A sentence that is true: prints it, or throws. */
  claim(holds: boolean, sentence: string): void {
    if (!holds) throw new ClaimFailed(sentence);
    this.#print(`${MARGIN}${this.glyph('✓', 'ok')} ${sentence}\n`);
  }

  failed(sentence: string): void {
    this.#print(`${MARGIN}${this.glyph('✗', 'deny')} ${sentence}\n`);
  }

  /** A sign in the colour of a verdict. */
  glyph(sign: string, standing: 'ok' | 'deny' | 'paused'): string {
    return this.paint.standing(standing).replace(standing, sign);
  }

  /**
   * Draws what goes on while it goes on; nothing where no line can be drawn over. `label` is asked again each time. Of
   * several at once the latest is drawn.
   */
  async while<T>(label: string | (() => string), work: Promise<T>): Promise<T> {
    const mine: Going = { label: typeof label === 'string' ? () => label : label, since: performance.now() };
    this.#going.push(mine);
    this.#draw();
    if (this.io.drawable && !this.quiet) this.#timer ??= setInterval(() => this.#draw(), FRAME_MS);
    try {
      return await work;
    } finally {
      this.#going.splice(this.#going.indexOf(mine), 1);
      this.#draw();
    }
  }

  #print(text: string): void {
    if (this.quiet) return;
    // The line that moves stays below: it is drawn again with its next frame.
    this.io.err(this.#timer === null ? text : `\r\u001b[K${text}`);
  }

  #draw(): void {
    if (!this.io.drawable || this.quiet) return;
    const now = this.#going.at(-1);
    if (!now) {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
      this.io.err('\r\u001b[K');
      return;
    }
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const seconds = this.paint.dim(`${((performance.now() - now.since) / 1000).toFixed(1)} s`);
    this.io.err(`\r${MARGIN}${FRAMES[this.#frame]} ${now.label()} ${seconds}\u001b[K`);
  }
}
