import { isFinal, RUN_STATUSES } from '@writ/words';
import { Ledger } from '../support/ledger';
import { creating } from '../support/units';

let ledger: Ledger;

beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger?.close());

/** The SQLSTATE and the constraint that a change of a run's row is refused by; null where it is taken. */
async function refusedBy(run: string, change: string): Promise<string | null> {
  try {
    await ledger.outsider.query(`update writ.run set ${change} where id = $1`, [run]);
    return null;
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    return `${code} ${constraint}`;
  }
}

const UNSOUND = '23514 run_is_sound';

describe("a run's row, whoever writes it", () => {
  it.each([
    `status = 'walking'`,
    `status = 'Running'`,
    `status = ''`,
    `status = 'succeeded'`,
    `finished_at = now()`,
    `status = 'failed', finished_at = now(), lease_owner = 'wrk_1'`,
    `status = 'failed', finished_at = now(), lease_owner = null, wait = '{}'`,
    `status = 'failed', finished_at = now(), lease_owner = null, wake_at = now()`,
    `lease_epoch = -1`,
    `next_seq = 0`,
    `audit_seq = 0`,
  ])('is never such that %s', async (change) => {
    const { run } = await ledger.put(creating(ledger.tenant));
    expect(await refusedBy(run, change)).toBe(UNSOUND);
  });

  it.each(RUN_STATUSES)('may be %s, and is finished if and only if that is final', async (status) => {
    const { run } = await ledger.put(creating(ledger.tenant));
    const rest = `status = '${status}', lease_owner = null, wait = null, wake_at = null, finished_at =`;
    const [now, never] = isFinal(status) ? [null, UNSOUND] : [UNSOUND, null];
    expect(await refusedBy(run, `${rest} null`)).toBe(never);
    expect(await refusedBy(run, `${rest} now()`)).toBe(now);
  });
});
