import { userInfo } from 'node:os';

/** Who uses the database directly: an operator of the machine, not a principal of a tenant. */
export const operator = (): string => `user:${userInfo().username.replace(/[^A-Za-z0-9_.@+-]/g, '_') || 'operator'}`;
