import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { benchFolder } from './peer';

interface Compose {
  readonly services: { readonly worker: { readonly command: readonly string[] } };
}

/** The flags docker-compose.yml starts a worker with: the memory of P11 is that of a worker as shipped. */
export function workerFlags(): readonly string[] {
  const { services } = parse(readFileSync(join(benchFolder, '..', 'docker-compose.yml'), 'utf8')) as Compose;
  return services.worker.command.filter((word) => word.startsWith('--'));
}
