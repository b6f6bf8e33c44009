import type { ScriptInput } from '@writ/gateways';
import type { AgentDefinition, Definition } from '@writ/registry';
import type { WantedCall } from './script';

const SUPERVISOR = 'triage';
const FAREWELL = 'Is there anything else I can do for you?';

/** Calls in a row that one worker makes; null for those the supervisor makes itself. */
interface Stretch {
  readonly worker: string | null;
  readonly calls: WantedCall[];
}

/**
 * The same calls, in the same order, with triage as the supervisor: what it has no tool for it gives to a worker that
 * does, in one brief per stretch. Each worker reads its brief alone, so each has a script of its own: `<name>.1`, …
 */
export function supervisedScripts(
  name: string,
  calls: readonly WantedCall[],
  definitions: readonly Definition[],
): { readonly [id: string]: ScriptInput } {
  const scripts: Record<string, ScriptInput> = {};
  const turns: { calls: { name: string; arguments: never }[] }[] = [];
  for (const [i, { worker, calls: own }] of stretches(calls, definitions).entries()) {
    const wanted = own.map((call) => ({ calls: [{ name: call.name, arguments: call.arguments as never }] }));
    if (worker === null) {
      turns.push(...wanted);
      continue;
    }
    const id = `${name}.${i}`;
    const task = own.map((call) => `${call.name} ${JSON.stringify(call.arguments)}`).join(', then ');
    const brief = `script:${id} Please do this for the customer: ${task}`;
    turns.push({ calls: [{ name: 'delegate', arguments: { worker, task: `stretch ${i}`, brief } as never }] });
    scripts[id] = { turns: wanted, final: `Done (${i}): ${task}` };
  }
  scripts[name] = { turns, final: FAREWELL };
  return scripts;
}

function stretches(calls: readonly WantedCall[], definitions: readonly Definition[]): readonly Stretch[] {
  const agents = definitions.filter((one): one is AgentDefinition => one.kind === 'agent');
  const has = (agent: string, tool: string): boolean =>
    agents.some((one) => one.name === agent && one.tools.includes(tool));
  const found: Stretch[] = [];
  for (const call of calls) {
    const last = found.at(-1);
    // Whoever is at work goes on as long as it can: the supervisor is asked again only for what nobody at work can do.
    if (last && has(last.worker ?? SUPERVISOR, call.name)) {
      last.calls.push(call);
      continue;
    }
    const worker = has(SUPERVISOR, call.name) ? null : agents.find((one) => has(one.name, call.name))?.name;
    if (worker === undefined) throw new Error(`no agent has the tool ${call.name}`);
    found.push({ worker, calls: [call] });
  }
  return found;
}
