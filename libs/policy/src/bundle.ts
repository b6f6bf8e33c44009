import { canonicalJson, type Failure, type Json, ok, refuse, type Result } from '@writ/kernel';
import { VALUE_TYPES } from '@writ/rules';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ConditionsDocument, ObligationsDocument } from './bundle-parts';
import { mergeVocabularies, VocabularyDocument } from './outside/vocabulary';
import { faultsAsOne, faultsOf, shortPointer } from './faults';
import { FlowDocument } from './flow/document';
import { GuardrailsDocument } from './guard/document';
import { MAX_PLATFORM_BYTES, PlatformDocument } from './platform/document';
import { TiersDocument } from './tiers/document';

/** UTF-8 bytes of a bundle's rules and of everything else in it: what one tenant may make every worker hold. */
export const MAX_BUNDLE_BYTES = 1_048_576;

const attributeName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}\.[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'an attribute is <resource type>.<attribute>');

/** Looked at in one go: a bundle may have ten thousand lines, and asking a schema of each takes longer than reading them. */
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((line: unknown) => typeof line === 'string');

/**
 * A tenant's policy as a document. `rules` is Casbin CSV (sections p, p2, g, g2 of `policies/model.conf`), with the
 * literal `{tenant}` in the tenant column; the rest names what the rules refer to. Unknown members are refused.
 */
const BundleDocument = z.strictObject({
  rules: z.union([z.string(), z.custom<readonly string[]>(isTexts).transform((lines) => lines.join('\n'))]).default(''),
  conditions: ConditionsDocument,
  obligations: ObligationsDocument,
  /** Every resource attribute the conditions read, its type, and how old a value may be (0: read for this decision). */
  attributes: z
    .record(
      attributeName,
      z.strictObject({
        type: z.enum(VALUE_TYPES).default('any'),
        max_age_ms: z.number().int().min(0).max(86_400_000).default(0),
      }),
    )
    .default({}),
  limits: z
    .strictObject({
      /** Hops a chain may have after a handoff; as many as a workflow allows by default. */
      handoff_depth: z.number().int().min(0).max(64).default(10),
    })
    .default({ handoff_depth: 10 }),
  /** Words of applications outside; without it a bundle's text and digest are what they were before there was one. */
  vocabulary: VocabularyDocument.exactOptional(),
  /** What labelled values may do; without it nobody keeps account of labels. */
  flow: FlowDocument.exactOptional(),
  /** What content has to pass at the boundaries of agents, and what is forbidden absolutely. */
  guardrails: GuardrailsDocument.exactOptional(),
  /** The controls of each risk tier; without it a tier is a word and nothing follows from it. */
  tiers: TiersDocument.exactOptional(),
});

/** What is stored, and decided by: a tenant's bundle with what the platform adds, which no tenant writes. */
const StoredDocument = BundleDocument.extend({ platform: PlatformDocument.exactOptional() });

export type PolicyBundle = z.infer<typeof StoredDocument>;

/** A policy that can be built, and allows nothing. */
export const SMALLEST_BUNDLE: PolicyBundle = Object.freeze(
  BundleDocument.parse({ rules: 'p, *, {tenant}, *, *, , deny' }),
);

export const policyFailure = (code: string, message: string, next?: string): Failure => ({
  code,
  class: 'permanent',
  message,
  ...(next === undefined ? {} : { next }),
});

/** Reads one JSON or YAML document. Fails with `bundle_too_large`, `bundle_syntax` or `bundle_shape`. */
export function parseBundle(text: string): Result<PolicyBundle> {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BUNDLE_BYTES) return refuse(tooLarge(`its text has ${bytes}`));
  const document = parseDocument(text);
  return document.ok ? validateBundle(document.value) : document;
}

/** Reads what is stored: a bundle, with what the platform adds to it. Fails like `parseBundle`. */
export function parseStored(text: string): Result<PolicyBundle> {
  const most = MAX_BUNDLE_BYTES + MAX_PLATFORM_BYTES;
  const bytes = Buffer.byteLength(text);
  if (bytes > most) return refuse(tooLarge(`its text has ${bytes}`, most));
  const document = parseDocument(text);
  return document.ok ? validateStored(document.value) : document;
}

/** One JSON or YAML document. */
export function parseDocument(text: string): Result<unknown> {
  try {
    // One JSON document is also a YAML document, but JSON.parse is some fifty times faster.
    return ok(/^\s*\{/.test(text) ? JSON.parse(text) : parseYaml(text, { maxAliasCount: 0 }));
  } catch (error) {
    return refuse(policyFailure('bundle_syntax', `The bundle is neither JSON nor YAML: ${(error as Error).message}`));
  }
}

/** Checks the shape of a parsed document; what its rules mean is checked by `buildSnapshot`. */
export const validateBundle = (document: unknown): Result<PolicyBundle> => shaped(BundleDocument, document);

/** Likewise for what is stored. */
export const validateStored = (document: unknown): Result<PolicyBundle> => shaped(StoredDocument, document);

export function shaped<T>(schema: z.ZodType<T>, document: unknown): Result<T> {
  const parsed = schema.safeParse(document);
  if (!parsed.success) {
    const faults = faultsOf(parsed.error);
    const { message, details } = faultsAsOne(faults);
    const where = shortPointer(faults[0]?.pointer ?? '') || 'the document';
    return refuse({
      ...policyFailure('bundle_shape', `The bundle is not valid at ${where}: ${message}`),
      ...(details && { details }),
    });
  }
  return ok(parsed.data);
}

/** `counted`: what has how many bytes, in words. */
export const tooLarge = (counted: string, most = MAX_BUNDLE_BYTES): Failure =>
  policyFailure(
    'bundle_too_large',
    `The bundle may have ${most} bytes: ${counted}.`,
    'Use roles and classes, so that one rule speaks of many.',
  );

/** What only one of them may bring: nobody could tell what two of it mean together. */
function onlyOne<K extends 'flow' | 'tiers'>(bundles: readonly PolicyBundle[], key: K, conflicts: string[]) {
  const [first, second] = bundles.flatMap((bundle) => (bundle[key] === undefined ? [] : [bundle[key]]));
  if (second !== undefined) conflicts.push(key);
  return first;
}

type Named = { readonly [id: string]: Json | object };

/**
 * One bundle from several: rules in order, one set of ids, the lowest of each limit. The same id with two meanings is
 * refused as `bundle_conflict`: whoever merges would otherwise change what the other's rules mean.
 */
export function mergeBundles(...bundles: readonly PolicyBundle[]): Result<PolicyBundle> {
  const conflicts: string[] = [];
  const union = <T extends Named>(pick: (bundle: PolicyBundle) => T, what: string): T => {
    const merged = new Map<string, T[string]>();
    for (const bundle of bundles) {
      for (const [name, value] of Object.entries(pick(bundle)) as [string, T[string]][]) {
        const held = merged.get(name);
        if (held !== undefined && canonicalJson(held) !== canonicalJson(value)) conflicts.push(`${what} ${name}`);
        merged.set(name, value);
      }
    }
    return Object.fromEntries(merged) as unknown as T;
  };
  const vocabulary = mergeVocabularies(bundles.map((bundle) => bundle.vocabulary));
  const merged: PolicyBundle = {
    rules: bundles.map((bundle) => bundle.rules).join('\n'),
    conditions: union((bundle) => bundle.conditions, 'condition'),
    obligations: union((bundle) => bundle.obligations, 'obligation'),
    attributes: union((bundle) => bundle.attributes, 'attribute'),
    limits: { handoff_depth: Math.min(...bundles.map((bundle) => bundle.limits.handoff_depth)) },
    ...(vocabulary !== undefined && { vocabulary }),
  };
  const flow = onlyOne(bundles, 'flow', conflicts);
  if (flow !== undefined) merged.flow = flow;
  if (bundles.some(({ guardrails }) => guardrails !== undefined)) {
    merged.guardrails = {
      checks: union(({ guardrails }) => guardrails?.checks ?? {}, 'guardrail'),
      absolute: union(({ guardrails }) => guardrails?.absolute ?? {}, 'absolute rule'),
    };
  }
  const tiers = onlyOne(bundles, 'tiers', conflicts);
  if (tiers !== undefined) merged.tiers = tiers;
  if (conflicts.length === 0) return ok(merged);
  return refuse(
    policyFailure('bundle_conflict', `Two bundles define differently: ${conflicts.join(', ')}.`, 'Rename one of them.'),
  );
}
