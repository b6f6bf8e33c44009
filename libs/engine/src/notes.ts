import type { NoteReceived } from './events';
import { branchOf } from './path';
import type { AgentNode, RunState } from './state';

/**
 * An operator's words, put into the conversation of the agents that are at work: labelled, so that no agent takes them for
 * what a tool or another agent said. They give no right: whatever an agent makes of them is decided like anything else.
 */
export function hearNote(state: RunState, { text, by }: Pick<NoteReceived, 'text' | 'by'>): void {
  const words = `[Note from an operator, ${by}] ${text}`;
  const living = [...state.agents].filter(([path]) => !state.results.has(path));
  if (living.length === 0) state.notes.push(words);
  for (const [path, node] of living) {
    node.notes.push(words);
    // A turn under way keeps the conversation it was asked with: tried again, it must be the same request.
    const open = state.branches.get(branchOf(path))?.open;
    if (open?.intent.path !== path || open.intent.kind !== 'model') giveNotes(node);
  }
}

/** Between a model's calls and their answers nothing may stand. */
export function giveNotes(node: AgentNode): void {
  if (node.queue.length > 0) return;
  for (const content of node.notes.splice(0)) node.messages.push({ role: 'user', content });
}
