import fc from 'fast-check';
import { Cursors, type ListIdentity } from './cursor';

const cursors = new Cursors(new TextEncoder().encode('a secret of the test, long enough'));
const list: ListIdentity = { tenant: 'ten_1', operation: 'listRuns', filter: { query: { status: 'queued' } } };

describe('a cursor', () => {
  it('says where to go on, whatever the key holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (after) => {
        expect(cursors.read(list, cursors.sign(list, after))).toEqual({ ok: true, value: after });
      }),
      { seed: 20261122 },
    );
  });

  it('is good for no other tenant, list or filter', () => {
    const cursor = cursors.sign(list, 'run_9');
    const others = [
      { ...list, tenant: 'ten_2' },
      { ...list, operation: 'listStops' },
      { ...list, filter: {} },
    ];
    for (const other of others) {
      expect(cursors.read(other, cursor)).toMatchObject({ ok: false, failure: { code: 'cursor_mismatch' } });
    }
  });

  it('does not survive the change of any one character', () => {
    const cursor = cursors.sign(list, 'run_9');
    for (let at = 0; at < cursor.length; at++) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      const altered = cursor.slice(0, at) + other + cursor.slice(at + 1);
      expect([at, cursors.read(list, altered)]).toMatchObject([at, { ok: false, failure: { code: 'invalid_cursor' } }]);
    }
  });

  it('is worth nothing under another secret', () => {
    const elsewhere = new Cursors(new TextEncoder().encode('another secret'));
    expect(elsewhere.read(list, cursors.sign(list, 'run_9'))).toMatchObject({ failure: { code: 'invalid_cursor' } });
  });
});
