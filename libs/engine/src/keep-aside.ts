import { digestOf, type TenantId } from '@writ/kernel';
import { putPayload } from '@writ/database';
import type { EngineContext } from './context';

/** Values up to this many characters stand in the journal; larger ones are stored by digest first. */
export const INLINE_CHARACTERS = 32 * 1024;

/** Stores a large value before the unit that names it. Returns its digest, or null for one that stays in the journal. */
export async function keepAside(
  ctx: Pick<EngineContext, 'db'>,
  tenant: TenantId,
  text: string,
): Promise<string | null> {
  if (text.length <= INLINE_CHARACTERS) return null;
  const digest = digestOf(text);
  await ctx.db.withTenant(tenant, (tx) => putPayload(tx, { tenant, digest, body: text }));
  return digest;
}
