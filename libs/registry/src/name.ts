import { z } from 'zod';

/** What definitions are called, and call each other by. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'use lower-case letters, digits, _ . -, starting with a letter, at most 64');
