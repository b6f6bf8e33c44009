import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const STOP_MS = 10_000;
/** Lines of a program's own log that are shown when it fails. */
const SHOWN = 6;
/** Ends a program when whoever started it is gone, however that came to be. */
const TIED = join(__dirname, 'tied.js');

export interface Program {
  /** File in dist. */
  readonly main: string;
  readonly args?: readonly string[];
  readonly env: { readonly [name: string]: string };
  /** What it says, on either stream, once it is ready; its first group is kept. */
  readonly ready: RegExp;
}

/** One of the demo's processes. */
export class Child {
  readonly ended: Promise<void>;
  #said = '';

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    }
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** Starts a program and waits until it is ready; rejects with its last words when it ends before. */
  static async start(name: string, program: Program): Promise<{ readonly child: Child; readonly said: string }> {
    const args = ['--enable-source-maps', '--require', TIED, program.main, ...(program.args ?? [])];
    const child = new Child(name, spawn(process.execPath, args, { env: program.env, stdio: ['pipe', 'pipe', 'pipe'] }));
    return { child, said: await child.#says(program.ready) };
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** As a crash does: nothing is finished, nobody is told. */
  async kill(): Promise<void> {
    if (!this.over) this.child.kill('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<void> {
    if (this.over) return;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(late);
  }

  async #says(ready: RegExp): Promise<string> {
    let over = false;
    void this.ended.then(() => (over = true));
    for (;;) {
      const found = ready.exec(this.#said);
      if (found) return found[1] ?? found[0];
      if (over) throw new Error(`${this.name} ended before it was ready: ${this.#lastWords()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #lastWords(): string {
    return this.#said.trimEnd().split('\n').slice(-SHOWN).join(' | ');
  }
}
