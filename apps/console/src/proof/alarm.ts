/** Something in the log that is not what it claims to be. */
export interface Alarm {
  readonly said: string;
  readonly index: number | null;
  readonly event: string | null;
  readonly byte?: number;
  readonly expected?: string;
  readonly found?: string;
}

let alarm: Alarm | null = null;
const listeners = new Set<() => void>();

export const alarmStore = {
  get: (): Alarm | null => alarm,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function set(next: Alarm | null): void {
  alarm = next;
  for (const listener of listeners) listener();
}

export const raiseAlarm = (next: Alarm): void => set(next);
export const clearAlarm = (): void => set(null);

/** What to hand on, as text. */
export function alarmText(found: Alarm): string {
  return [
    'WRIT AUDIT LOG: VERIFICATION FAILED',
    `what: ${found.said}`,
    `index: ${found.index ?? 'none'}`,
    `event: ${found.event ?? 'none'}`,
    `byte: ${found.byte ?? 'not known'}`,
    `expected: ${found.expected ?? 'none'}`,
    `found: ${found.found ?? 'none'}`,
    `page: ${window.location.href}`,
    `time: ${new Date().toISOString()}`,
  ].join('\n');
}
