import { appendTenantEvent } from '@writ/audit';
import { type CommitCut, CommitCutter } from '../support/commit-cutter';
import { Ledger } from '../support/ledger';
import { logHome, openSequencer, unsealedUnits } from '../support/log-world';
import { until } from '../support/until';
import { verifyLog } from '../support/verify-log';

const TIMES = process.env['WRIT_SOAK'] === '1' ? 200 : 15;

describe('a connection lost during the COMMIT of a round', () => {
  it.each<CommitCut>(['before', 'after'])(
    `[I9] %s the server has it, ${TIMES} times: the round is in once or not at all, and nothing is lost`,
    async (cut) => {
      const ledger = await Ledger.open();
      const home = logHome();
      const cutter = await CommitCutter.open(ledger.fresh.url, 'writ.log_checkpoint');
      const open = await openSequencer(cutter.url, home);
      const { tenant } = ledger;
      for (let time = 1; time <= TIMES; time++) {
        cutter.cutNext(cut);
        await ledger.db.withTenant(tenant, (tx) =>
          appendTenantEvent(tx, tenant, { type: 'access.read', actor: 'user:somebody', action: 'audit.read' }),
        );
        await until('the cut', () => cutter.cuts === time);
        await until('all to be sealed', async () => (await unsealedUnits(ledger.outsider)) === 0);
      }
      const logs = await verifyLog(ledger.outsider, { outside: home.checkpoints, allSealed: true });
      expect(logs.find((log) => log.tenant === tenant)).toMatchObject({ size: TIMES, generation: 1 });
      await open.close();
      await cutter.close();
      await ledger.close();
      home.remove();
    },
    400_000,
  );
});
