import type { Row } from '../output/output';

/** What the API answered, as a row: it came as JSON, so every member is JSON. */
export const asRow = (answer: object): Row => answer as Row;

export async function* asRows(answers: AsyncIterable<object>): AsyncGenerator<Row> {
  for await (const answer of answers) yield asRow(answer);
}
