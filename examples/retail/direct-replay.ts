import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/kernel';
import { answerDifference, changeDifferences } from './compare';
import type { Dataset } from './dataset';
import { KEY_META, RUN_META } from './server/mcp';
import type { ShopState } from './shop-state';

export interface TextAnswer {
  readonly value: string;
  readonly isError: boolean;
}

/** A plain MCP client of the shop, without anything of the product between: what the tools do by themselves. */
export class DirectShop {
  private constructor(readonly client: Client) {}

  static async connect(url: string): Promise<DirectShop> {
    const client = new Client({ name: 'retail-replay', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    return new DirectShop(client);
  }

  async call(name: string, args: JsonObject, meta: { key?: string; run?: string } = {}): Promise<TextAnswer> {
    const result = await this.client.callTool({
      name,
      arguments: { ...args },
      _meta: { ...(meta.key ? { [KEY_META]: meta.key } : {}), ...(meta.run ? { [RUN_META]: meta.run } : {}) },
    });
    const [content] = result.content;
    if (content?.type !== 'text') throw new Error(`${name} did not answer with text`);
    return { value: content.text, isError: result.isError === true };
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/**
 * Plays every task's recorded calls straight against the server, one task after the other, and compares each answer, the
 * records changed, and the digest of the whole shop. Answers the differences, each beginning with its task.
 */
export async function replayDirectly(dataset: Dataset, shop: DirectShop, state: ShopState): Promise<string[]> {
  const differences: string[] = [];
  await state.reset();
  for (const [id, task] of dataset.tasks) {
    const found: string[] = [];
    for (const [i, step] of task.steps.entries()) {
      const answer = await shop.call(step.name, step.arguments, { key: `direct:${id}:${i}`, run: `direct:${id}` });
      const difference = answerDifference(step, answer);
      if (difference !== null) found.push(`step ${i}: ${difference}`);
    }
    found.push(...changeDifferences(task, await state.changes()));
    const digest = await state.sha256();
    if (digest !== task.db_sha256) found.push(`the whole shop: expected ${task.db_sha256}, got ${digest}`);
    differences.push(...found.map((difference) => `task ${id}, ${difference}`));
    await state.reset();
  }
  return differences;
}
