import { EXAMPLES, playExample } from '../../examples/patterns/play';
import { freshDatabase, type FreshDatabase } from '../support/database';

describe('the example of each pattern does what it says', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  test.each(EXAMPLES)('%s', async (name) => {
    for (const { expected, ...played } of await playExample(name, database.ownerUrl)) {
      const { status, output, code, steps } = played;
      expect({ case: expected.case, status, output, code, steps: [...steps].sort() }).toEqual({
        case: expected.case,
        status: expected.status,
        output: expected.output,
        code: expected.code,
        steps: [...expected.steps].sort(),
      });
    }
  });
});
