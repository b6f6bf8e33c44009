import type { Clock } from '@writ/kernel';
import { connectionName } from '../session/connection-name';
import type { DatabaseConfig } from '../session/database';
import { checkDurability } from '../session/fitness';
import { requireSchema } from '../session/migrate';
import { roleUrl } from '../session/roles';
import { GroupCommit } from './group-commit';
import { WriterConnection } from './writer-connection';

/** Two: a third was slower on two cores in every trial, and one leaves the other core idle at 64 concurrent runs. */
const WRITERS = 2;
const ANSWER_TIMEOUT_MS = 30_000;

export interface GroupCommitDeps {
  readonly clock: Clock;
  /** Connections; two unless a measurement says otherwise. */
  readonly writers?: number;
}

/** Opens the group commit on connections of its own. Refuses what `openDatabase` refuses. */
export async function openGroupCommit(config: DatabaseConfig, deps: GroupCommitDeps): Promise<GroupCommit> {
  const writers = Array.from(
    { length: deps.writers ?? WRITERS },
    (_, i) =>
      new WriterConnection({
        url: roleUrl(config.url, config.role),
        applicationName: connectionName(`${config.applicationName ?? 'writ'} commit ${i + 1}`),
        answerTimeoutMs: ANSWER_TIMEOUT_MS,
      }),
  );
  try {
    for (const writer of writers) await writer.connect();
    const [first] = writers;
    if (first) {
      await requireSchema(first);
      if (config.allowUnsafeDurability !== true) await checkDurability(first);
    }
  } catch (error) {
    await Promise.all(writers.map((writer) => writer.close()));
    throw error;
  }
  return new GroupCommit({ writers, clock: deps.clock });
}
