import type { JsonObject } from '@writ/kernel';

/** Members in which two objects of arguments differ, by name. */
export function differences(
  before: JsonObject,
  after: JsonObject,
): readonly { readonly name: string; readonly before: string | null; readonly after: string | null }[] {
  const text = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .map((name) => ({ name, before: text(before[name]), after: text(after[name]) }))
    .filter((line) => line.before !== line.after);
}
