import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder `policies/`, found upwards from this file, so that sources and built code agree. Throws when there is none:
 * without its model the product can decide nothing.
 */
export function policiesDirectory(): string {
  for (let here = __dirname; ; here = dirname(here)) {
    const candidate = join(here, 'policies');
    if (existsSync(join(candidate, 'model.conf'))) return candidate;
    if (here === dirname(here)) throw new Error(`policies/model.conf was not found above ${__dirname}`);
  }
}

let text: string | null = null;

/** The Casbin model, read once. */
export const modelText = (): string => (text ??= readFileSync(join(policiesDirectory(), 'model.conf'), 'utf8'));
