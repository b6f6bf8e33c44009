import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { sha256Hex } from '@writ/kernel';
import type { Checker } from './matching';
import type { Sample } from './sample';
import type { Answered, Asked } from './thread';

/** Of two matchers that disagreed: which question it was, and over which policy. */
export interface Disagreement {
  readonly body: string;
  readonly found: string;
}

export interface CheckerOptions {
  /** Told once, when the matchers first disagree. */
  readonly onDisagreement: (disagreement: Disagreement) => void;
  /** The built file of the thread; where there is none Casbin stays in the path. */
  readonly thread?: string;
}

/** How long one question may take, and how long the thread stays without one, in milliseconds. */
const PATIENCE_MS = 60_000;
const IDLE_MS = 30_000;

type Settle = (answer: string | null | Error) => void;

/**
 * Holds our matcher against Casbin in a thread, which is started when there is something to ask and ends when there is
 * not. One question at a time: a hearing that comes while it is busy is let go, a proof waits its turn.
 */
export class MatcherChecker implements Checker {
  frozen = false;
  #thread: Worker | null = null;
  #timer: NodeJS.Timeout | null = null;
  #settle: Settle | null = null;
  #line: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #asked = 0;
  readonly #file: string;

  constructor(private readonly options: CheckerOptions) {
    this.#file = options.thread ?? join(__dirname, 'thread.js');
  }

  async prove(body: string): Promise<boolean | null> {
    // The same policy is asked the same everywhere, so that a disagreement can be found again.
    const seed = parseInt(sha256Hex(body).slice(0, 8), 16);
    return this.#judge(body, await this.#inLine({ kind: 'prove', body, seed }));
  }

  again(body: string, sample: Sample): void {
    if (this.#waiting > 0) return;
    void this.#inLine({ kind: 'again', body, sample }).then((found) => this.#judge(body, found));
  }

  async close(): Promise<void> {
    await this.#end(new Error('the process ends'));
  }

  #judge(body: string, found: string | null | Error): boolean | null {
    if (found === null || found instanceof Error) return found === null ? true : null;
    if (!this.frozen) {
      this.frozen = true;
      this.options.onDisagreement({ body, found });
    }
    return false;
  }

  #inLine(question: Unnumbered): Promise<string | null | Error> {
    this.#waiting += 1;
    const asking = this.#line.then(() => this.#ask(question)).finally(() => (this.#waiting -= 1));
    this.#line = asking;
    return asking;
  }

  /** Answers an error where there is no answer: no thread, a thread that died, or one that took too long. */
  async #ask(question: Unnumbered): Promise<string | null | Error> {
    if (!existsSync(this.#file)) return new Error('there is no thread to ask');
    const thread = (this.#thread ??= this.#start());
    const id = ++this.#asked;
    const answer = await new Promise<string | null | Error>((resolve) => {
      this.#settle = resolve;
      this.#rest(PATIENCE_MS);
      thread.postMessage({ ...question, id } satisfies Asked);
    });
    this.#settle = null;
    if (this.#thread) this.#rest(IDLE_MS);
    return answer;
  }

  #start(): Worker {
    const thread = new Worker(this.#file);
    thread.unref();
    thread.on('message', (answer: Answered) => {
      if (answer.id === this.#asked) this.#settle?.('found' in answer ? answer.found : new Error(answer.failed));
    });
    thread.on('error', (error) => void this.#end(error));
    return thread;
  }

  /** Ends the thread unless something happens before. */
  #rest(ms: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end(new Error('no answer in time')), ms);
    this.#timer.unref();
  }

  async #end(why: Error): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = null;
    this.#settle?.(why);
    await thread?.terminate();
  }
}

type Unnumbered = Asked extends infer A ? (A extends Asked ? Omit<A, 'id'> : never) : never;
