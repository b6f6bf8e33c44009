/**
 * Keys of the whole page. A binding is one key (`j`), a chord (`g r`), or one with the command key (`mod+k`).
 * INVARIANT: no binding without `mod` writes anything; writing needs a focused control.
 */
export interface Binding {
  readonly keys: string;
  /** What it does, as the `?` sheet says it. */
  readonly label: string;
  readonly group: 'Go to' | 'List' | 'This page' | 'Copy' | 'Everywhere';
  readonly run: () => void;
  /** Also while a field has the focus. */
  readonly inFields?: boolean;
}

const CHORD_MS = 700;

export interface KeyPress {
  readonly key: string;
  readonly mod: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly inField: boolean;
}

/** The bindings now in force, newest page last; later ones win over earlier ones with the same keys. */
export class Keyboard {
  #layers: { readonly bindings: () => readonly Binding[] }[] = [];
  #held: { readonly prefix: string; readonly timer: ReturnType<typeof setTimeout> } | null = null;

  add(bindings: () => readonly Binding[]): () => void {
    const layer = { bindings };
    this.#layers.push(layer);
    return () => {
      this.#layers = this.#layers.filter((one) => one !== layer);
    };
  }

  all(): readonly Binding[] {
    const byKeys = new Map<string, Binding>();
    for (const { bindings } of this.#layers) for (const one of bindings()) byKeys.set(one.keys, one);
    return [...byKeys.values()];
  }

  /** True when the press was taken, so that the browser does nothing else with it. */
  press(press: KeyPress): boolean {
    const name = nameOf(press);
    if (name === null) return false;
    const held = this.#held;
    if (held) clearTimeout(held.timer);
    this.#held = null;
    const bindings = this.all().filter((one) => !press.inField || one.inFields);
    const keys = held ? `${held.prefix} ${name}` : name;
    const found = bindings.find((one) => one.keys === keys);
    const longer = held ? false : bindings.some((one) => one.keys.startsWith(`${name} `));
    if (longer) {
      // `c` alone copies the id, `c l` the link: wait a moment whether a second key follows.
      this.#held = { prefix: name, timer: setTimeout(() => this.#release(found), CHORD_MS) };
      return true;
    }
    found?.run();
    return found !== undefined;
  }

  #release(alone: Binding | undefined): void {
    this.#held = null;
    alone?.run();
  }
}

function nameOf({ key, mod, shift, alt }: KeyPress): string | null {
  if (['Shift', 'Control', 'Alt', 'Meta', 'Dead'].includes(key) || alt) return null;
  if (!mod) return key;
  return `mod+${shift ? 'shift+' : ''}${key.toLowerCase()}`;
}
