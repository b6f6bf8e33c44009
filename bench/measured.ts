import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, CountResult, Figures, Order, Setup, WindowResult } from './protocol';
import type { Start } from './shipped';

/** A run may take long on a busy machine, but not this long. */
const ANSWER_MS = 300_000;

/** One system in a process of its own, as the parent sees it. */
export class Measured {
  private constructor(
    readonly name: string,
    readonly process: ChildProcess,
  ) {}

  static async open(name: string, setup: Setup, start: Start = { flags: [], env: {} }): Promise<Measured> {
    const child = fork(join(__dirname, `${name}.js`), [JSON.stringify(setup)], {
      execArgv: [...start.flags],
      // What a system prints is diagnosis: stdout belongs to the measurements.
      stdio: ['ignore', 2, 2, 'ipc'],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        WRIT_LOG_LEVEL: 'error',
        MASTRA_TELEMETRY_DISABLED: '1',
        ...start.env,
      },
    });
    const measured = new Measured(name, child);
    await measured.#answer('ready');
    return measured;
  }

  async window(order: Omit<Extract<Order, { do: 'window' }>, 'do'>): Promise<WindowResult> {
    return (await this.#ask({ do: 'window', ...order }, 'window')).result;
  }

  async count(order: Omit<Extract<Order, { do: 'count' }>, 'do'>): Promise<CountResult> {
    return (await this.#ask({ do: 'count', ...order }, 'count')).result;
  }

  async figures(ms: number): Promise<Figures> {
    return (await this.#ask({ do: 'figures', ms }, 'figures')).result;
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.send({ do: 'close' } satisfies Order);
    const late = setTimeout(() => this.process.kill('SIGKILL'), 8_000);
    await gone;
    clearTimeout(late);
  }

  #ask<K extends Answer['kind']>(order: Order, kind: K): Promise<Extract<Answer, { kind: K }>> {
    const answer = this.#answer(kind);
    this.process.send(order);
    return answer;
  }

  #answer<K extends Answer['kind']>(kind: K): Promise<Extract<Answer, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(late);
        this.process.off('message', heard).off('exit', ended);
      };
      const fail = (why: string): void => {
        done();
        reject(new Error(`${this.name}: ${why}`));
      };
      const heard = (answer: Answer): void => {
        if (answer.kind === 'failed') return fail(answer.message);
        if (answer.kind !== kind) return fail(`answered "${answer.kind}" where "${kind}" was expected`);
        done();
        resolve(answer as Extract<Answer, { kind: K }>);
      };
      const ended = (code: number | null, signal: string | null): void => fail(`ended (${String(signal ?? code)})`);
      const late = setTimeout(() => {
        this.process.kill('SIGKILL');
        fail(`gave no answer in ${ANSWER_MS / 1000} s`);
      }, ANSWER_MS);
      this.process.on('message', heard).once('exit', ended);
    });
  }
}
