let text: string | null = null;

/** The policy somebody is writing: kept while they look at other pages, and nowhere but in this tab’s memory. */
export const draft = {
  get: (): string | null => text,
  set(next: string | null): void {
    text = next;
  },
};
