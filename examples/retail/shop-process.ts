import { type Child, program, startChild } from './child';

export interface RunningShop extends Child {
  readonly url: string;
}

export const shopProgram = (): string => program('server', 'main.js');

/** Starts the shop's MCP server as a process of its own, over Streamable HTTP, and waits until it answers. */
export async function startShop(options: {
  readonly databaseUrl: string;
  readonly data: string;
  /** Milliseconds between a call's commit and its answer. */
  readonly holdMs?: number;
}): Promise<RunningShop> {
  const child = await startChild(shopProgram(), {
    PATH: process.env['PATH'] ?? '',
    RETAIL_DATABASE_URL: options.databaseUrl,
    RETAIL_DATA: options.data,
    RETAIL_HOLD_MS: String(options.holdMs ?? 0),
  });
  return { ...child, url: (JSON.parse(child.ready) as { url: string }).url };
}
