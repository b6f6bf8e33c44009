import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. */
const TICKS = 100;

interface Process {
  readonly parent: number;
  readonly own: number;
  /** Of children that ended and were waited for. */
  readonly reaped: number;
}

function processes(): Map<number, Process> {
  const found = new Map<number, Process>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const text = readFileSync(`/proc/${entry}/stat`, 'utf8');
      // The name in brackets may hold blanks and brackets: the fields start after the last one.
      const fields = text
        .slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const [own, reaped] = [fields[11]! + fields[12]!, fields[13]! + fields[14]!];
      found.set(Number(entry), { parent: fields[1]!, own, reaped });
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  return found;
}

interface Sample {
  readonly at: number;
  readonly busy: number;
  readonly ours: number;
}

function sample(roots: readonly number[]): Sample {
  const all = processes();
  const belongs = (pid: number): boolean => {
    for (let at = pid; all.has(at); at = all.get(at)!.parent) if (roots.includes(at)) return true;
    return false;
  };
  const kernel = (pid: number): boolean => pid === 2 || all.get(pid)?.parent === 2;
  let ours = 0;
  for (const [pid, { own, reaped }] of all) {
    if (belongs(pid)) ours += own + reaped;
    else if (kernel(pid)) ours += own;
  }
  const [user, nice, system] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/\s+/).slice(1).map(Number);
  return { at: performance.now(), busy: user! + nice! + system!, ours };
}

/**
 * Starts watching the machine. The function returned tells how many cores somebody else kept busy since: what neither
 * this process, nor its children, nor the measured Postgres used. Null where the system does not tell (not Linux).
 */
export function watchForeign(postmaster: number | null): () => number | null {
  if (process.platform !== 'linux') return () => null;
  const roots = [process.pid, ...(postmaster === null ? [] : [postmaster])];
  const before = sample(roots);
  return () => {
    const after = sample(roots);
    const seconds = (after.at - before.at) / 1000;
    return Math.max(0, (after.busy - before.busy - (after.ours - before.ours)) / TICKS / seconds);
  };
}
