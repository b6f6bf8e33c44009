import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '@writ/verify';
import { count } from '../../output/progress';
import type { World } from '../world';
import { writ } from '../writ';
import type { Act } from './act';

const SEALED_WITHIN_MS = 15_000;

/** Waits until everything that was recorded is in the signed log. */
async function sealed({ client, signal }: World): Promise<number> {
  for (const late = performance.now() + SEALED_WITHIN_MS; ;) {
    const log = await client.audit.log({ signal });
    if (log.unsealed === 0 && log.state === 'sealing') return log.size;
    if (performance.now() > late) throw new Error(`the log is ${log.state}, ${log.unsealed} events are not sealed`);
    await sleep(100, undefined, { signal });
  }
}

/** What a verifier of an export is given, and nothing else: no server, no key of ours, no memory of earlier times. */
export async function checkExport(
  world: World,
  file: string,
): Promise<{ readonly code: number | null; readonly report: Report }> {
  const { vkey, checkpoint } = world.kept;
  const alone = { WRIT_HOME: join(world.home.folder, 'verifier') };
  const { code, row } = await writ(alone, 'audit', 'verify', file, '--key', vkey, '--checkpoint', checkpoint);
  return { code, report: row as unknown as Report };
}

export const verify: Act = {
  name: 'verify',
  title: 'The log is verified, without the server',
  async run(world, story) {
    const { stage, url, apiKey } = world;
    await stage.while('the last events are sealed', sealed(world));
    const file = join(world.home.folder, 'log.ndjson');
    const connection = { WRIT_URL: url, WRIT_API_KEY: apiKey };
    await stage.while('writ audit export', writ(connection, 'audit', 'export', '--out', file));
    const { code, report } = await stage.while('writ audit verify', checkExport(world, file));
    const { events, runs, decisions, checkpoints, trust, ms } = report;
    const perSecond = (events * 1000) / Math.max(1, ms);
    stage.claim(
      code === 0 && report.verdict === 'intact' && events > 0 && report.size === events,
      `${count(events)} events in ${runs} chains under ${checkpoints} signed checkpoints: intact, in ${(ms / 1000).toFixed(2)} s, ${count(perSecond)} a second`,
    );
    stage.claim(
      trust.by === 'key' && trust.through === events,
      'signed by the key that was written down when the log began',
    );
    stage.claim(
      report.outside.length === 1 && report.outside[0]?.state === 'fits',
      `it goes on from the checkpoint of ${report.outside[0]?.size ?? 0} events that was kept outside`,
    );
    stage.claim(
      decisions.total > 0 && decisions.by_rules === decisions.total && decisions.deny > 0,
      `${decisions.total} verdicts recombined from their rules: ${decisions.allow} allow, ${decisions.deny} deny`,
    );
    story.exported = { file, events };
    return { events, runs, checkpoints, decisions: decisions.total, per_second: Math.round(perSecond) };
  },
};
