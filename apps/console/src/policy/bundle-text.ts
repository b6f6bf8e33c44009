import { parse, stringify } from 'yaml';

type Bundle = { readonly [member: string]: unknown };

/** A bundle as people edit it: the rules first, a line each, then whatever else there is. */
export function bundleText(bundle: Bundle): string {
  const { rules = '', ...rest } = bundle;
  const parts = Object.entries(rest).filter(([, value]) => Object.keys((value ?? {}) as object).length > 0);
  return stringify({ rules, ...Object.fromEntries(parts) }, { lineWidth: 0 });
}

/** The bundle a text stands for; a sentence where it stands for none. */
export function readBundle(text: string): Bundle | string {
  try {
    const read = parse(text, { maxAliasCount: 0 }) as unknown;
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Bundle;
    return 'A policy is written as members: rules, conditions, obligations and so on.';
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'This is not YAML.';
  }
}

/** The same text with more rules at its end; unchanged where it stands for no bundle, or has them. */
export function withLines(text: string, lines: readonly string[]): string {
  const bundle = readBundle(text);
  if (typeof bundle === 'string') return text;
  const rules = String(bundle['rules'] ?? '').split('\n');
  const missing = lines.filter((line) => !rules.includes(line));
  return missing.length === 0 ? text : bundleText({ ...bundle, rules: [...rules, ...missing].join('\n') });
}
