import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Definition, parseDocuments } from '@writ/registry';
import type { Dataset } from './dataset';

const FOLDER = join(__dirname, 'documents');

/**
 * The documents of this example, complete: the YAML files beside this one, with what the data set knows better filled
 * in (each tool's description and argument schema, the house rules in every agent's instructions) and the address of
 * the shop that is running.
 */
export function retailDefinitions(dataset: Dataset, shopUrl: string): Definition[] {
  const described = new Map(dataset.tools.map((tool) => [tool.name, tool]));
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .sort();
  return files.flatMap((file) => {
    const parsed = parseDocuments(readFileSync(join(FOLDER, file), 'utf8'));
    if (!parsed.ok) throw new Error(`${file}: ${parsed.failure.message}`);
    return parsed.value.map((definition): Definition => {
      switch (definition.kind) {
        case 'mcp_server':
          return { ...definition, transport: { type: 'http', url: shopUrl, headers_env: {} } };
        case 'agent':
          return { ...definition, instructions: `${definition.instructions}\n${dataset.policy}` };
        case 'tool': {
          const tool = described.get(definition.name);
          return tool
            ? { ...definition, description: tool.description, input: tool.inputSchema as typeof definition.input }
            : definition;
        }
        default:
          return definition;
      }
    });
  });
}

/** The policy bundle's text, as an administrator would upload it. */
export const retailPolicy = (): string => readFileSync(join(__dirname, 'policy.yaml'), 'utf8');
