import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Environment = { readonly [name: string]: string | undefined };

/** The variables a server process gets: those its definition names, and no others. */
export function passedEnvironment(names: readonly string[], env: Environment): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

/**
 * Finds a command on our own PATH: the process itself may not get one, and the system would then look in its default
 * folders only. A name that is not found is returned as it is, for the spawn to fail on.
 */
export function commandPath(command: string, env: Environment): string {
  if (/[\\/]/.test(command)) return command;
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    for (const suffix of suffixes) {
      const path = join(folder, command + suffix);
      if (folder !== '' && isExecutable(path)) return path;
    }
  }
  return command;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
