import { createServer } from 'node:net';
import { WritClient } from '@writ/sdk';
import { CliError, usage } from '../cli-error';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Flag before environment before 127.0.0.1:8420. */
export function addressOf(
  env: { readonly [name: string]: string | undefined },
  given: { readonly host?: string; readonly port?: string },
): Address {
  const text = given.port ?? env['WRIT_PORT'] ?? '8420';
  const port = Number(text);
  if (text === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw usage(
      'The port is not one.',
      `It is "${text}".`,
      'Give --port or WRIT_PORT from 0 to 65535; 0 takes a free one.',
    );
  }
  return { host: given.host ?? env['WRIT_HOST'] ?? '127.0.0.1', port };
}

/** Fails with who has the port, before anything was started for nothing. */
export async function requireFree(address: Address): Promise<void> {
  if (address.port === 0) return;
  const taken = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const probe = createServer().once('error', resolve);
    probe.listen(address.port, address.host, () => probe.close(() => resolve(null)));
  });
  if (taken !== null) throw await refusal(address, taken);
}

export async function refusal({ host, port }: Address, error: NodeJS.ErrnoException): Promise<Error> {
  const what = `Cannot listen on ${host}:${port}.`;
  const next = `Stop it, or choose another port: WRIT_PORT=${port + 1} npm start (0 takes a free one).`;
  if (error.code !== 'EADDRINUSE') {
    return new CliError({
      exit: 'failed',
      code: 'cannot_listen',
      what,
      why: error.message,
      next: 'Choose another WRIT_HOST or WRIT_PORT.',
    });
  }
  const version = await writAt(`http://${host}:${port}`);
  if (version === null) {
    return new CliError({ exit: 'conflict', code: 'port_taken', what, why: 'Another program has that port.', next });
  }
  const why = `Writ ${version} is already running there.`;
  return new CliError({
    exit: 'conflict',
    code: 'already_running',
    what,
    why,
    next: `Use it as it is, or choose another port: WRIT_PORT=${port + 1} npm start.`,
  });
}

async function writAt(url: string): Promise<string | null> {
  try {
    return (await new WritClient({ url, maxRetries: 0, timeoutMs: 1_500 }).system.health()).version;
  } catch {
    return null;
  }
}
