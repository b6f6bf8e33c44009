import { NO_PLATFORM } from './document';
import { parsePlatform, platformVersions, putPlatform } from './put';
import { apart } from './stored';

/** What the platform adds to the policy of every tenant, and none can take away. */
export const platformPolicy = {
  apart,
  none: NO_PLATFORM,
  parse: parsePlatform,
  put: putPlatform,
  versions: platformVersions,
} as const;
