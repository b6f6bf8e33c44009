import { ok, type Result } from '@writ/kernel';
import { type AttributeSpec, type Closure, compileCondition, type CompiledCondition } from '@writ/rules';
import { compileGuardrails, type GuardrailPolicy } from '../guard/compile';
import { PLATFORM } from '../guard/rule-ids';
import { namedObligations } from '../named-obligations';
import type { PlatformDocument } from './document';

const NO_ATTRIBUTES: ReadonlyMap<string, AttributeSpec> = new Map();

/**
 * A tenant's guardrails with those of the platform before them. INVARIANT: they only add: each stands under an id that no
 * tenant can write (`platform:…`), and reads nothing that a tenant's policy says. Fails as `compileGuardrails` and
 * `compileCondition` do.
 */
export function withPlatform(
  own: GuardrailPolicy | null,
  document: PlatformDocument | undefined,
  classes: Closure,
): Result<GuardrailPolicy | null> {
  if (document === undefined) return ok(own);
  const conditions = new Map<string, CompiledCondition>();
  for (const [id, expression] of Object.entries(document.conditions)) {
    const compiled = compileCondition(`${PLATFORM}${id}`, expression, NO_ATTRIBUTES);
    if (!compiled.ok) return compiled;
    conditions.set(id, compiled.value);
  }
  const obligations = namedObligations(document.obligations, { flow: false, prefix: PLATFORM });
  if (!obligations.ok) return obligations;
  const known = { conditions, obligations: obligations.value, classes, labels: false };
  const made = compileGuardrails(document.guardrails, known, PLATFORM);
  return made.ok && made.value !== null ? ok(made.value.before(own)) : made;
}
