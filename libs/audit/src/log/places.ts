import { join } from 'node:path';
import { defaultDataDir } from '@writ/database';
import type { KeySource } from './key-ring';

/** Where the keys and the outside checkpoints of the logs are. */
export interface LogPlaces {
  readonly keys: KeySource;
  /** Folder of the newest checkpoint of each log. */
  readonly checkpoints: string;
}

/**
 * As the environment says: WRIT_LOG_KEY (the keys themselves) or WRIT_LOG_KEY_FILE, and WRIT_CHECKPOINT_DIR; beside the
 * data of `writ dev` otherwise. Workers on several machines share both: whoever leads must sign with the same key, and
 * must know the newest checkpoint whoever signed it.
 */
export function logPlaces(env: { readonly [name: string]: string | undefined }): LogPlaces {
  const beside = join(defaultDataDir(), 'log');
  const text = env['WRIT_LOG_KEY'];
  return {
    keys: text ? { text } : { file: env['WRIT_LOG_KEY_FILE'] ?? join(beside, 'key') },
    checkpoints: env['WRIT_CHECKPOINT_DIR'] ?? join(beside, 'checkpoints'),
  };
}
