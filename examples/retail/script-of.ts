import type { ScriptInput } from '@writ/gateways';
import type { Definition } from '@writ/registry';
import { turnsOf, type WantedCall } from './script';
import { supervisedScripts } from './supervised';

export type Shape = 'swarm' | 'supervisor';
export type ScriptsByName = { readonly [id: string]: ScriptInput };

const FAREWELL = 'Is there anything else I can do for you?';

/** The workflow of a shape, and what its model says so that the wanted calls are made in order. */
export function scriptsOf(conversation: {
  readonly name: string;
  readonly calls: readonly WantedCall[];
  readonly definitions: readonly Definition[];
  readonly shape: Shape;
}): { readonly opening: string; readonly workflow: string; readonly scripts: ScriptsByName } {
  const { name, calls, definitions, shape } = conversation;
  if (shape === 'supervisor') {
    const own = `supervised-${name}`;
    const scripts = supervisedScripts(own, calls, definitions);
    return { opening: `script:${own}`, workflow: 'retail_supervised', scripts };
  }
  // One call per turn, then a word of farewell.
  const turns = turnsOf(calls, definitions).map(({ call }) => ({
    calls: [{ name: call.name, arguments: call.arguments as never }],
  }));
  return { opening: `script:${name}`, workflow: 'retail_support', scripts: { [name]: { turns, final: FAREWELL } } };
}
