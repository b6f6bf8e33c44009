import {
  functionTransport,
  openAiProvider,
  type ScriptedModel,
  startScriptedModel,
  type ToolFunction,
} from '@writ/gateways';
import { openScenario, type Scenario, type ScenarioOptions } from './scenario';

const MODEL_URL = 'SCRIPTED_MODEL_URL';

/** Where a model of a scripted scenario is: for its document. */
export const SCRIPTED = { model: 'scripted', base_url_env: MODEL_URL, api_key_env: null } as const;

export interface ScriptedScenario extends Scenario {
  readonly model: ScriptedModel;
}

/** A scenario whose models say what the test has scripted, and whose tools are its functions; one at a time in a process. */
export async function openScriptedScenario({
  functions = {},
  ...options
}: Omit<ScenarioOptions, 'doors'> & {
  readonly functions?: { readonly [name: string]: ToolFunction };
}): Promise<ScriptedScenario> {
  const model = await startScriptedModel();
  process.env[MODEL_URL] = model.url;
  const scenario = await openScenario({
    ...options,
    doors: (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: functionTransport({ open, functions }),
    }),
  });
  return {
    ...scenario,
    model,
    async close() {
      await scenario.close();
      await model.close();
    },
  };
}
