export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'calm' | 'bad';
}

const SHOWN_MS = 3_500;

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says a short thing at the edge of the screen, and to screen readers. */
export function say(text: string, tone: Toast['tone'] = 'calm'): void {
  const toast = { id: nextId++, text, tone };
  set([...toasts.slice(-2), toast]);
  setTimeout(() => set(toasts.filter((one) => one !== toast)), SHOWN_MS);
}

export const toastStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): readonly Toast[] => toasts,
};
