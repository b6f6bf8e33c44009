import { buildSnapshot, decide, outside, type PolicyBundle, type TenantAuthority } from '@writ/policy';
import { NOW, tenant } from './parts';

export interface OutsideAsk {
  readonly subject: string;
  readonly resource: string;
  readonly action: string;
  readonly properties?: { readonly [name: string]: string | number };
}

/** An imported policy put in force, asked as the application would ask it. */
export async function imported(bundle: PolicyBundle): Promise<(ask: OutsideAsk) => boolean> {
  const built = await buildSnapshot(bundle);
  // Without a rule there is no policy to put in force, and all is denied.
  if (!built.ok && built.failure.code !== 'empty_bundle') throw new Error(built.failure.message);
  const snapshot = built.ok ? built.value : null;
  const authority: TenantAuthority = { tenant, snapshot, stops: [], epochs: { tenant: 1, platform: 1 } };
  return ({ subject, resource, action, properties }) => {
    const request = outside.requestOf({
      tenant,
      subject: { type: 'user', id: subject },
      action: { name: action },
      resource: { type: 'resource', id: resource, ...(properties && { properties }) },
      now: NOW,
    });
    return decide(authority, request).verdict === 'allow';
  };
}
