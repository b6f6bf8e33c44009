import { directory } from './directory';
import { requestOf } from './question';

/** Decisions about acts of applications outside, and what is known of their subjects and resources. */
export const outside = { requestOf, directory } as const;
