import { Client } from 'pg';

/**
 * A connection for those who look at the database from outside. What is asked of it at once is asked one after the other:
 * pg itself will not keep queries in line for ever.
 */
export function clientInLine(url: string): Client {
  const client = new Client(url);
  const ask = client.query.bind(client) as unknown as (...asked: unknown[]) => Promise<unknown>;
  let last: Promise<unknown> = Promise.resolve();
  const inLine = (...asked: unknown[]): Promise<unknown> => {
    const answer = last.then(() => ask(...asked));
    last = answer.catch(() => undefined);
    return answer;
  };
  return Object.assign(client, { query: inLine as unknown as Client['query'] });
}
