import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** The part of the V8 .cpuprofile format that is read: a call tree and one sampled node per time step (µs). */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface HotSpot {
  readonly what: string;
  /** Milliseconds in it alone. */
  readonly selfMs: number;
  /** Milliseconds in it and what it called; a recursive function counts once. */
  readonly totalMs: number;
}

export interface HotSpots {
  readonly busyMs: number;
  readonly rooms: readonly HotSpot[];
  readonly functions: readonly HotSpot[];
}

/** Where a process spent its time, by room (library, package, runtime part) and by function, most first. */
export function readProfile(file: string, root: string): HotSpots {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const self = selfTimes(profile);
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const rooms = new Tally();
  const functions = new Tally();
  let busy = 0;
  const visit = (node: ProfileNode, above: { rooms: readonly string[]; functions: readonly string[] }): void => {
    const place = placeOf(node, root);
    const ms = self.get(node.id) ?? 0;
    if (place.room !== '(idle)') {
      busy += ms;
      rooms.add(place.room, above.rooms, ms);
      functions.add(place.name, above.functions, ms);
    }
    const below = { rooms: [...above.rooms, place.room], functions: [...above.functions, place.name] };
    for (const id of node.children ?? []) visit(byId.get(id)!, below);
  };
  const called = new Set(profile.nodes.flatMap((node) => node.children ?? []));
  for (const node of profile.nodes) if (!called.has(node.id)) visit(node, { rooms: [], functions: [] });
  return { busyMs: busy, rooms: rooms.sorted(), functions: functions.sorted() };
}

function selfTimes({ samples, timeDeltas }: Profile): Map<number, number> {
  const self = new Map<number, number>();
  samples.forEach((id, i) => self.set(id, (self.get(id) ?? 0) + (timeDeltas[i] ?? 0) / 1000));
  return self;
}

class Tally {
  readonly #self = new Map<string, number>();
  readonly #total = new Map<string, number>();

  add(what: string, above: readonly string[], ms: number): void {
    this.#self.set(what, (this.#self.get(what) ?? 0) + ms);
    for (const each of new Set([...above, what])) this.#total.set(each, (this.#total.get(each) ?? 0) + ms);
  }

  sorted(): HotSpot[] {
    const spots = [...this.#self].map(([what, selfMs]) => ({ what, selfMs, totalMs: this.#total.get(what) ?? 0 }));
    return spots.sort((a, b) => b.selfMs - a.selfMs);
  }
}

function placeOf({ callFrame }: ProfileNode, root: string): { readonly room: string; readonly name: string } {
  const { functionName, url, lineNumber } = callFrame;
  if (url === '') return { room: functionName.startsWith('(') ? functionName : '(native)', name: functionName };
  if (url.startsWith('node:')) return { room: 'node', name: `${functionName || '(anonymous)'} ${url}` };
  const path = relative(root, url.startsWith('file:') ? fileURLToPath(url) : url);
  const name = `${functionName || '(anonymous)'} ${path}:${lineNumber + 1}`;
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
  if (inPackage) return { room: `npm ${inPackage[1]}`, name };
  const inRoom = /^dist\/(libs\/[^/]+|apps\/[^/]+|bench)/.exec(path);
  return { room: inRoom?.[1] ?? path, name };
}
