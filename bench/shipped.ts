import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { benchFolder } from './peer';

type Service = 'worker' | 'control-plane';

interface Compose {
  readonly services: {
    readonly [S in Service]: {
      readonly command?: readonly string[];
      readonly environment?: { readonly [name: string]: unknown };
    };
  };
}

/** How a process is started: flags of Node, and what its environment says to the C library's allocator. */
export interface Start {
  readonly flags: readonly string[];
  readonly env: { readonly [name: string]: string };
}

/** As docker-compose.yml starts a service: what is measured is the process as shipped. */
export function startOf(service: Service): Start {
  const text = readFileSync(join(benchFolder, '..', 'docker-compose.yml'), 'utf8');
  const { command = [], environment = {} } = (parse(text, { merge: true }) as Compose).services[service];
  const env = Object.entries(environment).filter(([name]) => name.startsWith('MALLOC_'));
  return {
    flags: command.filter((word) => word.startsWith('--')),
    env: Object.fromEntries(env.map(([name, value]) => [name, String(value)])),
  };
}
