import { requestOf } from './question';

/** Decisions about acts of applications outside. */
export const outside = { requestOf } as const;
