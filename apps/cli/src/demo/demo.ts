import { once } from 'node:events';
import type { Json } from '@writ/kernel';
import { productVersion } from '@writ/telemetry';
import { usage } from '../cli-error';
import type { Context, Result } from '../command';
import { writeLogin } from '../connection';
import { rememberLog } from '../local/known-logs';
import { ACTS } from './acts';
import type { Facts, Story } from './acts/act';
import { ClaimFailed, Stage } from './stage';
import { summaryText } from './summary';
import { openWorld, type World } from './world';

export interface DemoOptions {
  /** Ask nothing, and end when the last act is over, unless it is to stay open. */
  readonly yes: boolean;
  /** Wait for Enter between acts. */
  readonly step: boolean;
  readonly keepOpen: boolean;
  readonly keep: string | undefined;
  readonly desk: string | undefined;
}

interface Played {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly facts: Facts;
  /** What did not hold; null when all did. */
  readonly failed: string | null;
}

/** The whole demo. Answers with every act's figures; the exit code is that of a failure when an act failed. */
export async function runDemo(context: Context, options: DemoOptions): Promise<Result> {
  if (options.step && !context.io.interactive) {
    throw usage(
      'There is nobody to press Enter.',
      '--step waits between the acts, and this is no terminal.',
      'Leave --step out.',
    );
  }
  const began = performance.now();
  const stage = new Stage(context.io, context.quiet);
  stage.title(`Writ ${productVersion()}: a refund desk, governed. Everything runs on this machine.`);
  const acts: Played[] = [];
  let world: World | null = null;
  try {
    stage.act(1, ACTS.length + 1, 'The product starts');
    const opening = performance.now();
    const opened = await openWorld({ stage, signal: context.signal, keep: options.keep, desk: options.desk });
    world = opened;
    acts.push({ name: 'start', ok: true, ms: elapsed(opening), facts: { url: opened.url }, failed: null });
    const story: Story = {};
    for (const [index, act] of ACTS.entries()) {
      if (options.step) await context.io.ask('\n  Enter goes on. ');
      stage.act(index + 2, ACTS.length + 1, act.title);
      const played = await play(act.name, context.signal, () => act.run(opened, story));
      acts.push(played);
      if (played.failed === null) continue;
      stage.failed(played.failed);
      break;
    }
    const failed = acts.find(({ ok }) => !ok) ?? null;
    const stays = failed === null && (options.keepOpen || (context.io.interactive && !options.yes));
    const row = {
      acts: acts.map((one): Json => ({ ...one })),
      ok: failed === null,
      seconds: elapsed(began) / 1000,
      url: opened.url,
      api_key: opened.apiKey,
      log_key: opened.kept.vkey,
      tenant: opened.tenant,
      folder: opened.home.folder,
      stays,
    };
    if (options.keep !== undefined || stays) remember(opened);
    await context.print({
      kind: 'one',
      row,
      id: opened.tenant,
      text: summaryText(stage.paint, { ...row, failed: failed?.name ?? null, kept: options.keep !== undefined }),
    });
    if (stays && !context.signal.aborted) await once(context.signal, 'abort');
    return { exit: failed === null ? 'ok' : 'failed' };
  } finally {
    await stage.while('closing', world?.close() ?? Promise.resolve());
  }
}

/** For the CLI: who it is, where, and the key of the log. */
function remember({ home, url, apiKey, tenant, kept }: World): void {
  const env = { WRIT_HOME: home.folder };
  writeLogin(env, { url, api_key: apiKey, tenant });
  rememberLog(env, kept.vkey.split('+', 1)[0]!, { keys: [kept.vkey] });
}

const elapsed = (since: number): number => Math.round(performance.now() - since);

/** A claim that does not hold, or anything else that goes wrong, ends the act; what failed is told, not thrown. */
async function play(name: string, signal: AbortSignal, run: () => Promise<Facts>): Promise<Played> {
  const began = performance.now();
  try {
    const facts = await run();
    return { name, ok: true, ms: elapsed(began), facts, failed: null };
  } catch (error) {
    if (signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const failed = error instanceof ClaimFailed ? `it does not hold that ${why}` : why;
    return { name, ok: false, ms: elapsed(began), facts: {}, failed };
  }
}
