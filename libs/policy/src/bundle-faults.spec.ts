import { MAX_BUNDLE_BYTES, parseBundle, validateBundle } from './bundle';
import { buildWritten } from './bundle-faults';
import { shortPointer } from './faults';

const refusalOf = async (document: object) => {
  const valid = validateBundle(document);
  const built = valid.ok ? await buildWritten(valid.value) : valid;
  if (built.ok) throw new Error('the bundle can be built');
  return built.failure;
};
const good = 'p, role:a, {tenant}, tool:x, tool.invoke, , allow';

describe('a bundle with several faults', () => {
  it('names all of its shape, each with its place', async () => {
    const { code, message, details } = await refusalOf({
      rules: 7,
      colour: 'red',
      limits: { handoff_depth: 99 },
      attributes: { 'order.owner': { type: 'text' }, owner: {} },
      flow: { rules: { one: { sinks: [] } } },
    });
    expect(code).toBe('bundle_shape');
    const places = [
      '/rules',
      '/limits/handoff_depth',
      '/attributes/order.owner/type',
      '/attributes/owner',
      '/flow/rules/one/sinks',
      '/colour',
    ];
    expect(Object.keys(details ?? {}).sort()).toEqual([...places].sort());
    for (const place of places) expect(message).toContain(place);
  });

  it('names all of its meaning: lines with their numbers, conditions, obligations', async () => {
    const { code, message, details } = await refusalOf({
      rules: [
        '# roles',
        good,
        'p, role:a',
        'g, user:1, role:a, {tenant}',
        'p, role:a, {tenant}, tool:x, tool.fly, , allow',
        'p, role:a, {tenant}, tool:y, tool.invoke, small, allow',
      ],
      conditions: { odd: { nothing: [] } },
      obligations: { wide: { type: 'unheard_of', values: {} } },
    });
    expect(code).not.toBe('bundle_shape');
    expect(Object.keys(details ?? {}).sort()).toEqual(['/conditions/odd', '/obligations/wide', '/rules']);
    for (const part of ['line 3: ', 'line 5: ', 'line 6: the bundle defines no condition small.'])
      expect(message).toContain(part);
  });

  it('names the first twenty, and says how it would be with one', async () => {
    const bad = Array.from({ length: 50 }, () => 'p, role:a');
    const { message, details } = await refusalOf({ rules: [good, ...bad] });
    expect(message.split('line ').length - 1).toBe(20);
    expect(String(details?.['/rules']).split('line ').length - 1).toBe(20);
    expect((await refusalOf({ rules: [good, 'p, role:a'] })).message).toMatch(/^line 2: [^·]*$/);
  });

  it('counts lines from the beginning of each file', async () => {
    const { message } = await refusalOf({ rules: ['#@ one.csv', good, 'p, role:a', '#@ two.csv', 'p, role:b'] });
    expect(message).toMatch(/one\.csv:2: .*two\.csv:1: /);
  });

  it('that is too large is told what was counted, and how much', async () => {
    const line = (i: number): string => `p, role:r${i}, {tenant}, tool:t${i}, tool.invoke, , allow`;
    const rules = Array.from({ length: 17_500 }, (_, i) => line(i)).join('\n');
    expect(Buffer.byteLength(rules)).toBeLessThan(MAX_BUNDLE_BYTES);
    const { code, message } = await refusalOf({ rules });
    expect(code).toBe('bundle_too_large');
    expect(message).toMatch(
      /^The bundle may have 1048576 bytes: sent it has \d+, and stored, with the id of each rule written out, \d+\.$/,
    );
    const large = parseBundle(JSON.stringify({ rules: 'x'.repeat(MAX_BUNDLE_BYTES) }));
    expect(large).toMatchObject({ failure: { message: 'The bundle may have 1048576 bytes: its text has 1048588.' } });
  });
});

describe('a long pointer', () => {
  it('loses its middle and keeps whole steps at both ends', () => {
    const long = `/conditions/deep${'/all/0'.repeat(60)}/eq`;
    const short = shortPointer(long);
    expect(short.length).toBeLessThanOrEqual(170);
    expect(short).toMatch(/^\/conditions\/deep(\/all\/0)*(\/all)?\/…(\/all|\/0)+\/eq$/);
    expect(shortPointer('/conditions/deep')).toBe('/conditions/deep');
  });
});
