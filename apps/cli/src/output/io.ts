/** The outside of a command, so that tests can be one. */
export interface Io {
  readonly env: { readonly [name: string]: string | undefined };
  /** Whether standard output is a terminal; data is then for people. */
  readonly terminal: boolean;
  /** Whether somebody sits at standard input and error, so that a question can be asked. */
  readonly interactive: boolean;
  /** Whether standard error is a terminal whose last line can be drawn over: for bars and spinners. */
  readonly drawable: boolean;
  /** Width of the terminal, in characters. */
  readonly width: number;
  /** Data. */
  out(text: string): void;
  /** Everything that is not data: hints, progress, questions, errors. */
  err(text: string): void;
  /** Standard input to its end. */
  read(): Promise<string>;
  /** One line somebody types; only when `interactive`. */
  ask(question: string): Promise<string>;
}
