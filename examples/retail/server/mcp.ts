import { ProtocolError, ProtocolErrorCode, Server, type Tool } from '@modelcontextprotocol/server';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import type { Pool } from 'pg';
import { type Answer, KeyReused, perform } from './calls';

/** Where a caller puts its idempotency key and the run it acts for, in the `_meta` of `tools/call`. */
export const KEY_META = 'writ/idempotency-key';
export const RUN_META = 'writ/run';

export interface ShopServer {
  readonly pool: Pool;
  readonly tools: readonly Tool[];
  /** Milliseconds between the commit of a call and its answer: widens the window in which an answer can be lost. */
  readonly holdMs: number;
}

/** Makes a server instance; one per HTTP request, or one per stdio connection. What is costly is shared. */
export function shopServers(shop: ShopServer): () => Server {
  const ajv = new Ajv2020({ strict: false });
  const validators = new Map<string, ValidateFunction>(
    shop.tools.map((tool) => [tool.name, ajv.compile(tool.inputSchema)]),
  );
  return () => {
    const server = new Server({ name: 'retail', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', () => ({ tools: [...shop.tools] }));
    server.setRequestHandler('tools/call', async ({ params }) => {
      const args = params.arguments ?? {};
      const valid = validators.get(params.name);
      if (!valid) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no tool named ${params.name}`);
      if (!valid(args)) {
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `arguments${ajv.errorsText(valid.errors, { dataVar: '' })}`,
        );
      }
      const meta = params._meta ?? {};
      const answer = await answered(shop.pool, {
        tool: params.name,
        args,
        key: textOf(meta[KEY_META]),
        run: textOf(meta[RUN_META]),
      });
      if (shop.holdMs > 0) await new Promise((resolve) => setTimeout(resolve, shop.holdMs));
      return { content: [{ type: 'text', text: answer.text }], ...(answer.isError ? { isError: true } : {}) };
    });
    return server;
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

async function answered(pool: Pool, call: Parameters<typeof perform>[1]): Promise<Answer> {
  try {
    return await perform(pool, call);
  } catch (error) {
    if (error instanceof KeyReused) throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
    throw error;
  }
}
