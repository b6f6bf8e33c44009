import { z } from 'zod';
import { ConditionsDocument, ObligationsDocument } from '../bundle-parts';
import { GuardrailsDocument } from '../guard/document';

/** UTF-8 bytes of what the platform adds to every tenant's policy. */
export const MAX_PLATFORM_BYTES = 65_536;

type Checks = z.output<typeof GuardrailsDocument>['checks'];

const everyCheck =
  (holds: (check: Checks[string]) => boolean) =>
  ({ checks }: { readonly checks: Checks }): boolean =>
    Object.values(checks).every(holds);

const isClass = (pattern: string): boolean => pattern.startsWith('class:');

/**
 * Guardrails of the platform may rest on nothing that a tenant says: not on its classes, its labels or how risky it calls
 * its runs, and not on a tool or a model that it publishes. Otherwise its own words could weaken them.
 */
const PlatformGuardrails = GuardrailsDocument.refine(
  everyCheck(({ agents, tools }) => ![...agents, ...tools].some(isClass)),
  'classes are a tenant’s own: name agents and tools, or prefixes of them',
)
  .refine(
    ({ absolute }) => Object.values(absolute).every(({ objects }) => !objects.some(isClass)),
    'classes are a tenant’s own: name objects, or prefixes of them',
  )
  .refine(
    everyCheck(({ labels }) => labels === undefined),
    'labels are a tenant’s own',
  )
  .refine(
    everyCheck(({ call }) => call === undefined),
    'what would be asked is published by the tenant that it checks',
  )
  .refine(
    everyCheck(({ on_error: onError }) => onError === 'closed'),
    'a check that failed holds content back',
  );

/** What the platform adds to the policy of every tenant: guardrails, and what these refer to. */
export const PlatformDocument = z.strictObject({
  guardrails: PlatformGuardrails,
  conditions: ConditionsDocument,
  obligations: ObligationsDocument,
});
export type PlatformDocument = z.output<typeof PlatformDocument>;

/** In place of a document: nothing is added. */
export const NO_PLATFORM: PlatformDocument = Object.freeze({
  guardrails: { checks: {}, absolute: {} },
  conditions: {},
  obligations: {},
});
