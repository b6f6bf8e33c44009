import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeBundles, parseBundle, type PolicyBundle } from '@writ/policy';
import type { Suite } from './dataset';

/** Under what a run stands: the suite's policy, the same with a mandate of its task's tools, or roles alone. */
export type Guard = 'policy' | 'mandate' | 'roles';

/** The suite's policy, written once: what all share, which tools only read, and where values may go. */
export function bundleOf(suite: Suite, guard: Guard): PolicyBundle {
  const read = (name: string): PolicyBundle => {
    const parsed = parseBundle(readFileSync(join(__dirname, 'policies', `${name}.yaml`), 'utf8'));
    if (!parsed.ok) throw new Error(`${name}: ${parsed.failure.message}`);
    return parsed.value;
  };
  const reads = Object.keys(suite.effect).filter((tool) => suite.effect[tool] === 'read');
  const classes = parseBundle(
    JSON.stringify({ rules: reads.map((tool) => `g2, tool:${tool}, class:reads, {tenant}`).join('\n') }),
  );
  if (!classes.ok) throw new Error(classes.failure.message);
  const merged = mergeBundles(read('common'), classes.value, ...(guard === 'roles' ? [] : [read(suite.name)]));
  if (!merged.ok) throw new Error(merged.failure.message);
  return merged.value;
}
