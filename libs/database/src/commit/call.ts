import type { Client, Connection, QueryConfig, Submittable } from 'pg';

/** What `pg` keeps of a connection and its types do not show: statements that the server has parsed, text by name. */
interface Parsed {
  readonly parsedStatements: { readonly [name: string]: string | undefined };
}

/** A prepared statement that answers one row of one column: the call of a function. */
export interface CallConfig {
  readonly name: string;
  readonly text: string;
  readonly values: QueryConfig['values'];
}

const asSent = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;

/**
 * One call on its way, in place of `pg`'s own query. It is known what comes back, so no description of the row is asked
 * for, sent, read or kept, and no result is built: each end is spared a message.
 *
 * `pg` calls the handlers in the order of the protocol: at most one row, then ReadyForQuery, which the server sends when
 * the transaction is over; or one error. A lost connection is an error without a SQLSTATE.
 */
export class Call implements Submittable {
  readonly name: string;
  readonly text: string;
  #answer: string | null = null;

  private constructor(
    private readonly config: CallConfig,
    private readonly done: (error: Error | null, answer: string | null) => void,
  ) {
    this.name = config.name;
    this.text = config.text;
  }

  /** Told once or more often of an error, and of an answer at most once: text as the server writes it, null for none. */
  static send(client: Client, config: CallConfig, done: (error: Error | null, answer: string | null) => void): void {
    client.query(new Call(config, done));
  }

  submit(connection: Connection): void {
    const { name, text } = this;
    const { stream } = connection;
    // The messages leave in one packet.
    stream.cork();
    try {
      const known = (connection as unknown as Parsed).parsedStatements[name] === text;
      if (!known) connection.parse({ name, text, types: [] }, true);
      connection.bind({ statement: name, values: this.config.values, valueMapper: asSent }, true);
      connection.execute(null, true);
      connection.sync();
    } finally {
      stream.uncork();
    }
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#answer = fields[0] ?? null;
  }

  handleCommandComplete(): void {
    // What counts is the end of the transaction, which comes next.
  }

  handleReadyForQuery(): void {
    this.done(null, this.#answer);
  }

  handleError(error: Error): void {
    this.done(error, null);
  }
}
