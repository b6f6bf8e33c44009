import { digestOf } from '@writ/kernel';
import type { EvidenceScope } from './evidence';

/**
 * What `context` events have declared, and the last one in force, found in the run's evidence. Canonical JSON spells a type
 * in one way only, so the lines of other events need not be read, but for the last that names a context.
 */
export function restoreContexts(scope: EvidenceScope, lines: readonly string[]): void {
  for (const line of lines) {
    if (!line.includes(CONTEXT)) continue;
    const { type, detail } = JSON.parse(line) as ContextLine;
    if (type === 'context' && detail?.context !== undefined) scope.declared.add(digestOf(detail.context));
  }
  for (const line of lines.toReversed()) {
    const { type, context, detail } = JSON.parse(line) as ContextLine;
    const last = type === 'context' && detail?.context !== undefined ? digestOf(detail.context) : context;
    if (last === undefined) continue;
    scope.contexts.set('', last);
    return;
  }
}

interface ContextLine {
  readonly type: string;
  readonly context?: string;
  readonly detail?: { readonly context?: string };
}

const CONTEXT = '"type":"context"';
