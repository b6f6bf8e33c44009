import type { TenantId } from '@writ/kernel';
import { generationOf, logOrigin } from './origin';

const tenant = 'ten_a' as TenantId;

describe('the name of a log', () => {
  it('names its tenant and, from the second on, its generation', () => {
    expect(logOrigin({ tenant, generation: 1 })).toBe('writ/ten_a');
    expect(logOrigin({ tenant, generation: 12 })).toBe('writ/ten_a/12');
    for (const generation of [1, 2, 9, 10, 123]) {
      expect(generationOf(tenant, logOrigin({ tenant, generation }))).toBe(generation);
    }
  });

  it.each([
    'writ/ten_b',
    'writ/ten_a/',
    'writ/ten_a/1',
    'writ/ten_a/01',
    'writ/ten_a/2/3',
    'writ/ten_a/x',
    'ten_a',
    '',
  ])('is not %j', (origin) => expect(generationOf(tenant, origin)).toBeNull());
});
