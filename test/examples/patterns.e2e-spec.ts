import { held } from '../../examples/patterns/expected';
import { EXAMPLES, playExample } from '../../examples/patterns/play';
import { freshDatabase, type FreshDatabase } from '../support/database';

describe('the example of each pattern does what it says', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  test.each(EXAMPLES)('%s', async (name) => {
    for (const played of await playExample(name, database.ownerUrl)) {
      const [came, must] = held(played);
      expect({ case: played.expected.case, ...came }).toEqual({ case: played.expected.case, ...must });
    }
  });
});
