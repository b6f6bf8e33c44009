import type { WritClient } from '@writ/sdk';
import type { ExitName } from './exit-codes';
import type { Io } from './output/io';
import type { Format, Output } from './output/output';

export interface Argument {
  /** As in usage: `<run>`, `[topic]`. */
  readonly usage: string;
  readonly description: string;
}

export interface Option {
  /** As in usage: `--status <status>`, `--dry-run`. Options that take a list may be repeated. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly many?: true;
}

/** The values of one call: arguments by position, options by their long name. */
export class Given {
  constructor(
    private readonly args: readonly (string | undefined)[],
    private readonly options: { readonly [name: string]: unknown },
  ) {}

  /** An argument the usage demands. */
  arg(index: number): string {
    return this.args[index] ?? '';
  }

  text(name: string): string | undefined {
    const value = this.option(name);
    return typeof value === 'string' ? value : undefined;
  }

  many(name: string): readonly string[] {
    const value = this.option(name);
    return Array.isArray(value) ? value.map(String) : [];
  }

  flag(name: string): boolean {
    return this.option(name) === true;
  }

  /** `per-minute` as it is typed; the parser keeps it as `perMinute`. */
  private option(name: string): unknown {
    return this.options[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
  }
}

export interface Context {
  readonly io: Io;
  readonly format: Format;
  readonly quiet: boolean;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** The control plane this call talks to. Throws when there is no key; made only when asked for. */
  client(): WritClient;
  /** Address of that control plane. */
  readonly url: string;
  /** Prints at once, for commands that go on after they have answered. */
  print(output: Output): Promise<void>;
  /** A sentence for people, on standard error; silenced by --quiet. */
  hint(text: string): void;
}

export interface Result {
  readonly output?: Output;
  /** How it ended when it worked and yet is no success, such as a run that was waited for and failed. */
  readonly exit?: ExitName;
}

/** One command, as data: the tree, its help and its tests derive from it. */
export interface Command {
  /** Words after `writ`, such as `runs list`. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly args?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Complete command lines, without `writ`. */
  readonly examples: readonly [string, ...string[]];
  /** The API operations it calls, for people who write their own clients. */
  readonly calls?: readonly string[];
  run(context: Context, given: Given): Promise<Result>;
}
