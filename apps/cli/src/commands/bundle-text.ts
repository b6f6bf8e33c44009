import { stringify } from 'yaml';

/** A bundle as people edit it: the rules first, a line each, and nothing of what it leaves out. */
export function bundleText(bundle: object): string {
  const { rules, limits, ...rest } = bundle as { readonly rules?: unknown; readonly limits?: unknown };
  const parts = Object.entries(rest).filter(([, value]) => Object.keys((value ?? {}) as object).length > 0);
  return stringify({ rules, ...Object.fromEntries(parts), ...(isUsual(limits) ? {} : { limits }) }, { lineWidth: 0 });
}

const isUsual = (limits: unknown): boolean =>
  limits === undefined || (limits as { readonly handoff_depth?: number }).handoff_depth === 10;
