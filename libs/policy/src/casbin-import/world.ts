import { nameProblem } from '@writ/rules';
import type { CasbinModel } from './model-text';
import type { PolicyLink, PolicyText } from './policy-text';
import { partsOf } from './expression';

/** Roles and classes of an imported policy, and how its names are written here. */
export class World {
  readonly #sections = new Map<string, Section>();
  readonly #members = new Map<string, readonly string[]>();

  constructor(
    private readonly types: { readonly subject: string; readonly resource: string },
    { links, domain }: { readonly links: PolicyText['links']; readonly domain: string | null },
  ) {
    for (const [section, all] of links) {
      const found: Section = { pairs: [], below: new Map() };
      for (const { member, group } of all.filter(inDomain(domain))) {
        found.pairs.push([member, group]);
        const below = found.below.get(group);
        if (below) below.push(member);
        else found.below.set(group, [member]);
      }
      this.#sections.set(section, found);
    }
  }

  isGroup(section: string, name: string): boolean {
    return this.#sections.get(section)?.below.has(name) ?? false;
  }

  /** Every name that is in `group`, directly or through others, `group` first. A circle ends where it began. */
  membersOf(section: string, group: string): readonly string[] {
    const key = JSON.stringify([section, group]);
    let members = this.#members.get(key);
    if (!members) {
      const below = this.#sections.get(section)?.below;
      const found = new Set([group]);
      for (const one of found) for (const member of below?.get(one) ?? []) found.add(member);
      this.#members.set(key, (members = [...found]));
    }
    return members;
  }

  /**
   * The end of a chain of more links than Casbin follows, or a name in a circle; null where there is neither. Beyond
   * them Casbin denies in silence, and a closure would not.
   */
  endless(section: string): string | null {
    const { pairs, below } = this.#sections.get(section) ?? { pairs: [], below: new Map<string, string[]>() };
    let reached = new Set(pairs.map(([member]) => member));
    for (let links = 0; links <= CASBIN_LEVELS; links++) {
      const next = new Set<string>();
      for (const [group, members] of below) if (members.some((member) => reached.has(member))) next.add(group);
      reached = next;
    }
    const [end = null] = reached;
    return end;
  }

  links(section: string): readonly Pair[] {
    return this.#sections.get(section)?.pairs ?? [];
  }

  /** `user:ann`, `resource:/a/b`; null for a name no rule can hold. */
  member(place: 'subject' | 'object', name: string): string | null {
    const written = `${this.types[place === 'subject' ? 'subject' : 'resource']}:${name}`;
    return nameProblem(written, false) === null ? written : null;
  }

  /** `role:admin`, `class:reports`, with what no name may hold written as its bytes in hexadecimal. */
  group(place: 'subject' | 'object', qualifier: string, name: string): string {
    const plain = `${qualifier}${name}`;
    const kind = place === 'subject' ? 'role' : 'class';
    const good = nameProblem(`${kind}:${plain}`, false) === null && !plain.includes('%');
    return `${kind}:${good ? plain : encodeURIComponent(plain).replaceAll('*', '%2A').replaceAll("'", '%27')}`;
  }
}

/** Links from a subject to a role that stock Casbin follows. */
const CASBIN_LEVELS = 10;

type Pair = readonly [member: string, group: string];

/** Links of one section, in the domain that is imported. */
interface Section {
  readonly pairs: Pair[];
  /** Group → what is right below it. */
  readonly below: Map<string, string[]>;
}

const inDomain =
  (domain: string | null) =>
  (link: PolicyLink): boolean =>
    link.domain === null || link.domain === domain;

/** Which columns the sections of links are asked about: `g` → subject, `g2` → object. */
export function placesOf(model: CasbinModel): ReadonlyMap<string, ReadonlySet<string>> {
  const places = new Map<string, Set<string>>();
  for (const part of partsOf(model.matcher)) {
    if (part.kind !== 'call' || !model.groups.has(part.name)) continue;
    const [first] = part.args;
    const column = first?.kind === 'name' ? model.request.get(first.path[1] ?? '') : undefined;
    if (column) places.set(part.name, (places.get(part.name) ?? new Set()).add(column));
  }
  return places;
}
