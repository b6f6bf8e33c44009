import { NO_PLATFORM } from './document';
import { parsePlatform, platformVersions, putPlatform } from './put';

/** What the platform adds to the policy of every tenant, and none can take away. */
export const platformPolicy = {
  none: NO_PLATFORM,
  parse: parsePlatform,
  put: putPlatform,
  versions: platformVersions,
} as const;
