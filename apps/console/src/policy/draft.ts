let text: string | null = null;
let added: readonly string[] = [];

/** The policy somebody is writing: kept while they look at other pages, and nowhere but in this tab’s memory. */
export const draft = {
  get: (): string | null => text,
  set(next: string | null): void {
    text = next;
  },
  /** Lines to be written into it when it is looked at next: what an explanation says would allow something. */
  add(lines: readonly string[]): void {
    added = [...added, ...lines];
  },
  takeAdded(): readonly string[] {
    const taken = added;
    added = [];
    return taken;
  },
};
