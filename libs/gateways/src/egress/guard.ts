import { lookup as systemLookup } from 'node:dns/promises';
import { type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { type AddressKind, kindOfAddress } from './address';
import { addressOfHost } from './parse-address';
import type { EgressEntry, EgressRules } from './rules';

/** Addresses of a host name, as its resolver gives them: from the attacker's side, anything at all. */
export type Lookup = (hostname: string) => Promise<readonly { readonly address: string }[]>;

export interface GuardOptions {
  readonly rules: EgressRules;
  /** The system's resolver by default. */
  readonly lookup?: Lookup;
}

export interface EgressAsk {
  readonly url: URL;
  readonly tenant: TenantId;
  /** Origins that what is sent may go to: the allow-list of the tool, or of whatever else sends. */
  readonly origins: readonly string[];
}

/** Where a request may go, decided once. INVARIANT: it is sent to one of `addresses` and nothing is looked up again. */
export interface Admitted {
  readonly url: URL;
  /** Checked, in the resolver's order, at least one. */
  readonly addresses: readonly [string, ...string[]];
  /** Names of the variables whose values may go to this origin, for this tenant. */
  readonly secrets: ReadonlySet<string>;
}

/** More answers than this are not tried; a name with hundreds of addresses is no service. */
const MOST_ADDRESSES = 16;
const PUBLIC_PORTS: ReadonlySet<string> = new Set(['', '8443']);
/** What `private` opens. Link-local and metadata addresses, and disguised ones, stay closed whatever is vouched for. */
const PRIVATE: ReadonlySet<AddressKind> = new Set(['loopback', 'private', 'shared', 'unique_local']);

const resolveBySystem: Lookup = (hostname) => systemLookup(hostname, { all: true, order: 'verbatim' });

/**
 * Decides whether a URL may be connected to, and at which address. Three lists must agree: the allow-list that comes
 * with the ask, the operator's rules, and what kind of addresses the name leads to. Denies by default; remembers
 * nothing, so a name that answers differently next time is judged anew.
 */
export class EgressGuard {
  private readonly lookup: Lookup;

  constructor(private readonly options: GuardOptions) {
    this.lookup = options.lookup ?? resolveBySystem;
  }

  async admit(ask: EgressAsk): Promise<Result<Admitted>> {
    const { url } = ask;
    const entry = this.entryFor(ask);
    const way = checkUrl(ask, entry, this.options.rules);
    if (way !== null) return refuse(way);
    const addresses = await this.addressesOf(url);
    if (!addresses.ok) return addresses;
    const [first, ...rest] = addresses.value;
    if (first === undefined) return refuse(unresolved(url, 'ENODATA'));
    for (const address of addresses.value) {
      // One bad answer spoils them all: an honest name does not lead to a public and a private place at once.
      const kind = kindOfAddress(address) ?? 'reserved';
      if (kind === 'public' || (entry?.privately === true && PRIVATE.has(kind))) continue;
      return refuse(forbiddenAddress(url, kind, entry));
    }
    return ok({ url, addresses: [first, ...rest], secrets: new Set(entry?.secrets) });
  }

  /** The operator's word on an origin, where it is for this tenant. */
  private entryFor({ url, tenant }: EgressAsk): EgressEntry | undefined {
    return this.options.rules.entries.find(
      ({ origin, tenants }) => origin === url.origin && (tenants.length === 0 || tenants.includes(tenant)),
    );
  }

  private async addressesOf(url: URL): Promise<Result<readonly string[]>> {
    const literal = addressOfHost(url);
    if (literal !== null) return ok([literal]);
    try {
      const found = await this.lookup(url.hostname);
      return ok(found.slice(0, MOST_ADDRESSES).map(({ address }) => address));
    } catch (error) {
      return refuse(unresolved(url, (error as { code?: unknown }).code));
    }
  }
}

function checkUrl({ url, origins }: EgressAsk, entry: EgressEntry | undefined, rules: EgressRules): Failure | null {
  if (!/^https?:$/.test(url.protocol)) return denied('egress_url_invalid', 'only http and https are spoken');
  if (url.username !== '' || url.password !== '') {
    return denied('egress_url_invalid', 'the address holds a user name or a password');
  }
  if (!origins.includes(url.origin)) {
    return denied('egress_origin_not_allowed', `${url.origin} is not among the origins it may send to`, {
      next: 'add the origin to the service definition, if it is meant',
      origin: url.origin,
    });
  }
  if (entry) return null;
  const vouch = `the operator can vouch for it: WRIT_EGRESS="… ${url.origin}"`;
  const not = (code: string, why: string): Failure => denied(code, why, { next: vouch, origin: url.origin });
  if (!rules.public)
    return not(
      'egress_origin_not_allowed',
      `this process may send to listed origins only, and ${url.origin} is not listed for this tenant`,
    );
  if (url.protocol !== 'https:') return not('egress_insecure', `${url.origin} is not https`);
  if (addressOfHost(url) !== null)
    return not('egress_host_not_allowed', `${url.origin} is an address instead of a name`);
  // A name without a dot is completed by the resolver's search list: what it means depends on the machine.
  if (!url.hostname.includes('.'))
    return not('egress_host_not_allowed', `${url.origin} is a name of this network only`);
  if (!PUBLIC_PORTS.has(url.port)) return not('egress_port_not_allowed', `port ${url.port} is not one of 443 and 8443`);
  return null;
}

/** Names the kind of the address, not the address: what internal names lead to is nobody's to find out by asking. */
function forbiddenAddress(url: URL, kind: AddressKind, entry: EgressEntry | undefined): Failure {
  const openable = PRIVATE.has(kind) && entry?.privately !== true;
  return denied('egress_address_forbidden', `${url.hostname} leads to a ${kind.replace('_', '-')} address`, {
    next: openable
      ? `if it is meant, the operator can open it: WRIT_EGRESS="… ${url.origin};private"`
      : 'no setting opens such an address',
    origin: url.origin,
    address_kind: kind,
  });
}

function unresolved(url: URL, code: unknown): Failure {
  const network = typeof code === 'string' ? code : 'EDNS';
  return {
    code: 'egress_name_unresolved',
    class: 'transient',
    message: `the name ${url.hostname} leads nowhere (${network})`,
    next: 'check the origin in the service definition, and the resolver of the worker',
    details: { origin: url.origin, network },
  };
}

type Details = NonNullable<Failure['details']>;

function denied(code: string, message: string, more: Details & { readonly next?: string } = {}): Failure {
  const { next, ...details } = more;
  return { code, class: 'policy', message, ...(next !== undefined && { next }), details };
}
