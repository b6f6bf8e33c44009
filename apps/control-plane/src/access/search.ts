import { appendTenantEvent } from '@writ/audit';
import type { Database } from '@writ/database';
import type { JsonObject } from '@writ/kernel';
import { outside, type TenantAuthority } from '@writ/policy';
import type { Asker, OutsideDecisions } from './decisions';
import type { Question } from './questions';

/** A page, and where the next begins; null at the end. */
export interface Found<T> {
  readonly results: readonly T[];
  readonly next: string | null;
}

export interface PageAsked {
  readonly limit: number;
  /** Id or name after which it goes on. */
  readonly after: string | null;
}

type Entity = { readonly type: string; readonly id: string };
type Wanted = 'subject' | 'resource' | 'action';

/** Entries of the directory read at once, and decided about in one search. */
const CHUNK = 200;
const MOST_LOOKED_AT = 5_000;

/** Who may, what may be done, and to what: every result is one that an evaluation would allow. */
export class OutsideSearch {
  constructor(
    private readonly database: Database,
    private readonly decisions: OutsideDecisions,
  ) {}

  /**
   * The entities of one type, known to the directory, for which a question about them is answered with yes. A page ends
   * early where many entries had to be looked at: `next` then still says where it goes on.
   */
  async entities(
    asker: Asker,
    wanted: Exclude<Wanted, 'action'>,
    about: { readonly question: Question; readonly page: PageAsked },
  ): Promise<Found<Entity>> {
    const { question, page } = about;
    const { type } = question[wanted];
    const fixed = wanted === 'subject' ? question.resource : question.subject;
    const { tenant } = asker;
    const authority = await this.decisions.current(tenant);
    const known = await this.decisions.known(tenant, [fixed]);
    const results: Entity[] = [];
    let { after } = page;
    let next: string | null = null;
    for (let looked = 0; ; looked += CHUNK) {
      const from = after === null ? {} : { after: { type, id: after } };
      const entries = await this.database.withTenant(tenant, (tx) =>
        outside.directory.list(tx, { tenant, type, limit: CHUNK, ...from }),
      );
      for (const entry of entries) {
        if (results.length === page.limit) break;
        after = entry.id;
        const entity = { type, id: entry.id, properties: entry.properties };
        const { decision } = this.decisions.one(authority, { ...question, [wanted]: entity }, known);
        if (decision.verdict === 'allow') results.push({ type, id: entry.id });
      }
      const more = entries.length === CHUNK || (entries.length > 0 && entries.at(-1)!.id !== after);
      if (!more) break;
      next = after;
      if (results.length === page.limit || looked + CHUNK >= MOST_LOOKED_AT) break;
      next = null;
    }
    await this.#record(asker, { wanted, question, found: results.length, authority });
    return { results, next };
  }

  /** The actions of the vocabulary, in its order, that the subject may do to the resource. */
  async actions(
    asker: Asker,
    about: { readonly question: Omit<Question, 'action'>; readonly page: PageAsked },
  ): Promise<Found<{ readonly name: string }>> {
    const { question, page } = about;
    const { tenant } = asker;
    const authority = await this.decisions.current(tenant);
    const known = await this.decisions.known(tenant, [question.subject, question.resource]);
    const names = [...(authority.snapshot?.vocabulary?.actions ?? [])];
    const allowed = names
      .slice(page.after === null ? 0 : names.indexOf(page.after) + 1)
      .filter(
        (name) => this.decisions.one(authority, { ...question, action: { name } }, known).decision.verdict === 'allow',
      );
    const results = allowed.slice(0, page.limit).map((name) => ({ name }));
    const next = allowed.length > page.limit ? (results.at(-1)?.name ?? null) : null;
    await this.#record(asker, { wanted: 'action', question, found: results.length, authority });
    return { results, next };
  }

  /** One piece of evidence for a search: who asked for what under which policy, and how much was found. */
  async #record(
    { tenant, by, trace }: Asker,
    search: {
      readonly wanted: Wanted;
      readonly question: Omit<Question, 'action'> & {
        readonly action?: { readonly name: string; readonly properties?: JsonObject };
      };
      readonly found: number;
      readonly authority: TenantAuthority;
    },
  ): Promise<void> {
    const { wanted, question, found, authority } = search;
    await this.database.withTenant(tenant, (tx) =>
      appendTenantEvent(tx, tenant, {
        type: 'decision.searched',
        actor: by,
        ...(question.action !== undefined && { action: question.action.name }),
        object: { type: 'directory', id: question.resource.type },
        authority: authority.epochs,
        trace,
        detail: { wanted, found, policy: authority.snapshot?.digest ?? '' },
      }),
    );
  }
}
