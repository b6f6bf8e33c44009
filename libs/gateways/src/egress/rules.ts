import { isId, isOrigin, type TenantId } from '@writ/kernel';

/** One origin that the operator vouches for. */
export interface EgressEntry {
  /** As `URL.origin` writes it: scheme, host, and the port unless it is the scheme's own. */
  readonly origin: string;
  /** Whether its host may lead to loopback, private, shared or unique local addresses. */
  readonly privately: boolean;
  /** Names of the variables whose values may be sent there. */
  readonly secrets: readonly string[];
  /** Tenants it is for; empty for all. */
  readonly tenants: readonly TenantId[];
}

/** What may leave this process at all: the operator's half. A document's list of origins is the tenant's; both must agree. */
export interface EgressRules {
  /** Any named host over https on a usual port, at public addresses, where a document lists it. */
  readonly public: boolean;
  readonly entries: readonly EgressEntry[];
}

const PUBLIC_ONLY: EgressRules = { public: true, entries: [] };

const HOW =
  'WRIT_EGRESS is a list, separated by white space, of the word public and of origins such as ' +
  'https://api.example.com;secret=API_KEY or http://127.0.0.1:9000;private;tenant=ten_…';

/**
 * Reads `WRIT_EGRESS`. Unset, it is `public`. Set, it is the whole list: leaving `public` out closes everything that is
 * not named. Throws, with the entry at fault, on anything it cannot read: a list half understood would open or close
 * something nobody asked for.
 */
export function readEgressRules(text: string | undefined): EgressRules {
  if (text === undefined) return PUBLIC_ONLY;
  const words = text.split(/\s+/).filter((word) => word !== '');
  const entries = words.filter((word) => word !== 'public').map(entryOf);
  return { public: words.includes('public'), entries };
}

function entryOf(word: string): EgressEntry {
  const fault = (why: string): Error => new Error(`${JSON.stringify(word)} in WRIT_EGRESS ${why}. ${HOW}`);
  const [origin = '', ...attributes] = word.split(';');
  if (!isOrigin(origin)) throw fault('does not begin with an http(s) origin in its plain spelling');
  let privately = false;
  const secrets: string[] = [];
  const tenants: TenantId[] = [];
  for (const attribute of attributes) {
    const [name, value = ''] = attribute.split('=', 2);
    if (attribute === 'private') privately = true;
    else if (name === 'secret' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) secrets.push(value);
    else if (name === 'tenant' && isId('tenant', value)) tenants.push(value);
    else throw fault(`has ${JSON.stringify(attribute)}, which says nothing here`);
  }
  return { origin, privately, secrets, tenants };
}
