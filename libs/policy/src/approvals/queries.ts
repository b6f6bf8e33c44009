import { isId, type Principal, type TenantId } from '@writ/kernel';
import { type Database, Params, type Predicate, type Tx, whereOf } from '@writ/database';
import type { TenantAuthority } from '../authority';
import type { AuthorityStore } from '../authority-store';
import { asksSelf, type EligibilityQuestion, inPlaceOf, type Ineligible, ineligible } from './eligibility';
import { type ApprovalTest, approvalTestSql } from './query-test';
import { proofKey, provenFor, unproven } from './proof';
import { tally, type Tally } from './quorum';
import {
  type Approval,
  APPROVAL_COLUMNS,
  approvalById,
  type CastVote,
  countable,
  standInsNow,
  toApproval,
  votesOf,
} from './store';
import { questionOf } from './weigh';

/** A request as it stands for one reader. */
export interface ApprovalFound {
  readonly approval: Approval;
  readonly votes: readonly CastVote[];
  /** How far its requirements are met, by those who are eligible now. */
  readonly tally: Tally;
  /** Why the reader may not decide about it; null when they may. */
  readonly barred: Ineligible | 'decided' | null;
  /** Whether the reader is asked because the act is for them. */
  readonly asksReader: boolean;
  /** Those who are away and in whose place alone the reader may decide about it. */
  readonly inPlaceOf: readonly string[];
}

export type ApprovalSort = 'expires' | '-requested' | 'requested' | '-resolved';

export interface ApprovalQuery {
  readonly tenant: TenantId;
  readonly reader: Principal;
  readonly where: Predicate<ApprovalTest>;
  /** Only what the reader may decide about, and has not. */
  readonly mine: boolean;
  /** Of these only what the reader is asked because it is for them. */
  readonly own?: boolean;
  readonly sort: ApprovalSort;
  readonly limit: number;
  /** Key of the page before. */
  readonly after: string | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

interface Order {
  readonly column: string;
  readonly down: boolean;
  readonly key: (approval: Approval) => number | null;
}

const ORDERS: { readonly [S in ApprovalSort]: Order } = {
  expires: { column: 'a.expires_at', down: false, key: ({ expiresAt }) => expiresAt },
  requested: { column: 'a.requested_at', down: false, key: ({ requestedAt }) => requestedAt },
  '-requested': { column: 'a.requested_at', down: true, key: ({ requestedAt }) => requestedAt },
  '-resolved': {
    column: `coalesce(a.resolved_at, 'epoch'::timestamptz)`,
    down: true,
    key: ({ resolvedAt }) => resolvedAt ?? 0,
  },
};

/** Rows read at a time while those are sought that a reader may decide about, and at most so many pages of them. */
const STRIDE = 200;
const MOST_STRIDES = 10;

type Row = Parameters<typeof toApproval>[0];
interface At {
  readonly time: number;
  readonly id: string;
}

/** Reads of what people are asked. Bound to the tenant by row security as well as by their own predicate. */
export class ApprovalQueries {
  constructor(
    readonly db: Database,
    readonly authority: Pick<AuthorityStore, 'get'>,
  ) {}

  async get(
    tenant: TenantId,
    id: string,
    by: { readonly reader: Principal; readonly now: number },
  ): Promise<ApprovalFound | null> {
    if (!isId('approval', id)) return null;
    const authority = await this.authority.get(tenant);
    return this.db.withTenant(tenant, async (tx) => {
      const approval = await approvalById(tx, { tenant, id, lock: false });
      if (!approval) return null;
      const [found] = await this.#stand(tx, [approval], { authority, ...by });
      return found ?? null;
    });
  }

  /** A page in the order asked for; a page of what is one's own may be short and still have a next one. */
  async list(query: ApprovalQuery): Promise<{ readonly data: readonly ApprovalFound[]; readonly next: string | null }> {
    const authority = await this.authority.get(query.tenant);
    const order = ORDERS[query.sort];
    return this.db.withTenant(query.tenant, async (tx) => {
      const data: ApprovalFound[] = [];
      let at = query.after === null ? null : (JSON.parse(query.after) as At);
      for (let stride = 0; stride < MOST_STRIDES; stride++) {
        const size = query.mine ? STRIDE : query.limit + 1;
        const rows = await page(tx, query, { at, size, order });
        const found = await this.#stand(tx, rows, { authority, reader: query.reader, now: query.now });
        for (const one of found) {
          if (query.mine && (one.barred !== null || one.approval.status !== 'pending')) continue;
          if (query.own && !one.asksReader) continue;
          if (data.length === query.limit) return { data, next: keyOf(data.at(-1)!.approval, order) };
          data.push(one);
        }
        const last = rows.at(-1);
        if (rows.length < size || !last) return { data, next: null };
        at = { time: order.key(last) ?? 0, id: last.id };
      }
      return { data, next: at && JSON.stringify(at) };
    });
  }

  /** How many requests wait for this reader; counting stops at `most`. */
  async waiting(
    tenant: TenantId,
    by: { readonly reader: Principal; readonly now: number; readonly most: number },
  ): Promise<number> {
    const where: Predicate<ApprovalTest> = { test: { field: 'is', word: 'open' } };
    const { most: limit, ...rest } = by;
    const page = await this.list({ tenant, where, mine: true, sort: 'expires', limit, after: null, ...rest });
    return page.data.length;
  }

  async #stand(
    tx: Tx,
    approvals: readonly Approval[],
    by: { readonly authority: TenantAuthority; readonly reader: Principal; readonly now: number },
  ): Promise<readonly ApprovalFound[]> {
    const { authority, reader, now } = by;
    const { snapshot, tenant } = authority;
    if (approvals.length === 0) return [];
    const ids = approvals.map(({ id }) => id);
    const votes = await votesOf(tx, tenant, ids);
    const voters = await countable(tx, tenant, votes);
    const roles = new Map(voters.map(({ voter }) => [voter.id, voter]));
    const proven = await provenFor(tx, tenant, ids);
    // Who said yes so long ago that their proof counts no more is asked again.
    const isStale = (approval: string, voter: string, question: EligibilityQuestion): boolean => {
      const provenAt = proven.get(proofKey(approval, voter)) ?? null;
      return unproven(roles.get(voter)!, provenAt, question) !== null;
    };
    const standsFor = (await standInsNow(tx, tenant, [reader.id])).get(reader.id) ?? [];
    return approvals.map((approval): ApprovalFound => {
      const own = votes.filter((vote) => vote.approval === approval.id);
      const asksReader = asksSelf(approval.document, reader.id);
      const found = { approval, votes: own, asksReader };
      if (snapshot === null) return { ...found, tally: EMPTY, barred: 'lacks_role', inPlaceOf: [] };
      const question = questionOf(approval, { snapshot, now: approval.resolvedAt ?? now });
      const counted = own.flatMap(({ voter, verdict }) => {
        if (verdict === 'comment' || !roles.has(voter)) return [];
        const provenAt = proven.get(proofKey(approval.id, voter));
        return [{ voter: roles.get(voter)!, verdict, ...(provenAt !== undefined && { provenAt }) }];
      });
      const decided = own.some(
        ({ voter, verdict }) =>
          voter === reader.id &&
          (verdict === 'reject' || (verdict === 'approve' && !isStale(approval.id, voter, question))),
      );
      const self = { id: reader.id, kind: reader.kind, roles: reader.roles, standsFor };
      const barred = ineligible(self, question) ?? (decided ? 'decided' : null);
      const places = barred === null ? inPlaceOf(self, question) : [];
      return { ...found, tally: tally(counted, question), barred, inPlaceOf: places };
    });
  }
}

const EMPTY: Tally = { state: 'pending', met: [], rejectedBy: null };

const keyOf = (approval: Approval, { key }: Order): string =>
  JSON.stringify({ time: key(approval) ?? 0, id: approval.id });

async function page(
  tx: Tx,
  { tenant, where, mine, now }: ApprovalQuery,
  { at, size, order }: { readonly at: At | null; readonly size: number; readonly order: Order },
): Promise<readonly Approval[]> {
  const params = new Params();
  const { column, down } = order;
  const conditions = [
    `a.tenant = ${params.add(tenant)}`,
    whereOf(where, approvalTestSql, params),
    // A request of no run has nobody whose clock ends it on time.
    ...(mine ? [`a.status = 'pending'`, `(a.run IS NOT NULL OR a.expires_at > ${params.time(now)})`] : []),
  ];
  if (at) {
    const [time, id] = [params.time(at.time), params.add(at.id)];
    conditions.push(`(${column}, a.id) ${down ? '<' : '>'} (${time}, ${id})`);
  }
  const way = down ? 'DESC' : 'ASC';
  const rows = await tx.query<Row>(
    `SELECT ${APPROVAL_COLUMNS} FROM writ.approval a WHERE ${conditions.join(' AND ')}
      ORDER BY ${column} ${way}, a.id ${way} LIMIT ${params.add(size)}`,
    params.values,
  );
  return rows.map(toApproval);
}
