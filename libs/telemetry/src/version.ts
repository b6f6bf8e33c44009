import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let known: string | null = null;

/** The product's version, from its package.json: found upwards, so that sources and built code agree. */
export const productVersion = (): string => (known ??= find(__dirname));

function find(from: string): string {
  for (let here = from; here !== dirname(here); here = dirname(here)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as Record<string, string>;
      if (name === 'writ' && version) return version;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`no package.json of writ above ${from}`);
}
