import { digestOf, type TenantId } from '@writ/kernel';
import { putPayload } from '@writ/database';
import type { EngineContext } from './context';

/** Values up to this many characters stand in the journal; larger ones are stored by digest first. */
export const INLINE_CHARACTERS = 32 * 1024;

export const isKeptAside = (text: string): boolean => text.length > INLINE_CHARACTERS;

/** Stores a large value before the unit that names it. Its digest, or null for one that stays in the journal. */
export function keepAside(ctx: Pick<EngineContext, 'db'>, tenant: TenantId, text: string): Promise<string> | null {
  return isKeptAside(text) ? store(ctx, tenant, text) : null;
}

async function store(ctx: Pick<EngineContext, 'db'>, tenant: TenantId, text: string): Promise<string> {
  const digest = digestOf(text);
  await ctx.db.withTenant(tenant, (tx) => putPayload(tx, { tenant, digest, body: text }));
  return digest;
}
