import { type ChildProcess, spawn } from 'node:child_process';
import { ROOT } from './dev-server';

/** One service as a process of its own, with a log that can be waited on. */
export class Service {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #log = '';

  /** `words` is the command; `node` is the runtime that runs the tests. */
  constructor(words: readonly string[], env: NodeJS.ProcessEnv) {
    const [command = '', ...args] = words;
    this.#child = spawn(command === 'node' ? process.execPath : command, args, {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', resolve);
    });
  }

  get log(): string {
    return this.#log;
  }

  /** What the log says once it matches; fails if the process ends first. */
  async says(pattern: RegExp): Promise<string> {
    let over = false;
    void this.ended.then(() => (over = true));
    for (;;) {
      const found = pattern.exec(this.#log);
      if (found) return found[1] ?? found[0];
      if (over) throw new Error(`it ended without saying ${pattern.source}:\n${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  send(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
