import { getPayload, loadJournal, putPayload } from '@writ/database';
import { digestOf, type TenantId } from '@writ/kernel';
import { Ledger, newTenant } from '../support/ledger';
import { creating, following } from '../support/units';

let ledger: Ledger;

beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger?.close());

describe('what a run is loaded from', () => {
  it('the journal comes back unit by unit in order, byte for byte', async () => {
    let unit = await ledger.put(creating(ledger.tenant, { journal: '{"a":"ä😀"}' }));
    const written = [unit];
    for (const journal of ['{"b":1}\n{"b":2}', '{"c":"\\u0000"}']) {
      unit = await ledger.put(following(unit, { journal, nextSeq: unit.nextSeq + journal.split('\n').length }));
      written.push(unit);
    }
    const loaded = await ledger.db.withTenant(ledger.tenant, (tx) => loadJournal(tx, ledger.tenant, unit.run));
    expect(loaded).toEqual(written.map(({ seq, journal }) => ({ seq, events: journal })));
  });

  it('a payload is kept once under its digest, and never replaced', async () => {
    const body = JSON.stringify({ large: 'x'.repeat(100_000) });
    const digest = digestOf(body);
    const { tenant } = ledger;
    const put = () => ledger.db.withTenant(tenant, (tx) => putPayload(tx, { tenant, digest, body }));
    await Promise.all(Array.from({ length: 8 }, put));
    const get = (of: TenantId) => ledger.db.withTenant(of, (tx) => getPayload(tx, { tenant, digest }));
    expect(await get(tenant)).toBe(body);
    expect(await get(await newTenant(ledger.db))).toBeNull();
  });
});
