import { randomBytes } from '@writ/kernel';

/** The salt of one commitment: 128 random bits, as 22 characters of base64url. */
export const newSalt = (): string => Buffer.from(randomBytes(16)).toString('base64url');
