import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type Clock, type Failure, ok, type Principal, refuse, type Result, type RunId } from '@writ/kernel';
import { reviewing } from '@writ/policy';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { time } from '../search/window';
import { CLOCK } from '../tokens';

type View = AnswerOf<'getReview'>;
type Review = NonNullable<Awaited<ReturnType<typeof reviewing.get>>>;
type Says = Call<'claimReview'> | Call<'releaseReview'> | Call<'decideReview'>;

/** Runs that were drawn for people to look at, and what they found. */
@Controller()
export class ReviewsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listReviews')
  async list(@ThisCall() call: Call<'listReviews'>): Promise<Result<AnswerOf<'listReviews'>>> {
    const may = await this.gate.ask(call, { action: 'review.read', object: { type: 'review', id: '*' } });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const { limit, state, tier, verdict, run } = call.query;
    const page = await this.database.withTenant(tenant, (tx) =>
      reviewing.list(tx, {
        tenant,
        state,
        tier: tier ?? null,
        verdict: verdict ?? null,
        run: (run as RunId | undefined) ?? null,
        limit,
        after: call.after ?? null,
      }),
    );
    const of = { reader: callerOf(call).principal, now: this.clock.now() };
    return ok({ data: page.data.map((one) => view(one, of)), next: page.next });
  }

  @Operation('getReview')
  async get(@ThisCall() call: Call<'getReview'>): Promise<Result<View>> {
    const review = await this.#find(call, call.params.id);
    if (!review) return refuse(noReview(call.params.id));
    const may = await this.gate.ask(call, { action: 'review.read', object: { type: 'review', id: review.workflow } });
    return may.ok ? ok(view(review, { reader: callerOf(call).principal, now: this.clock.now() })) : may;
  }

  @Operation('claimReview')
  claim(@ThisCall() call: Call<'claimReview'>): Promise<Result<View>> {
    return this.#say(call, (tx, saying) => reviewing.claim(tx, saying));
  }

  @Operation('releaseReview')
  release(@ThisCall() call: Call<'releaseReview'>): Promise<Result<View>> {
    return this.#say(call, (tx, saying) => reviewing.release(tx, saying));
  }

  @Operation('decideReview')
  decide(@ThisCall() call: Call<'decideReview'>): Promise<Result<View>> {
    return this.#say(call, (tx, saying) => reviewing.decide(tx, { ...saying, ...call.body }));
  }

  /** Decided by the workflow whose run it is; said in one transaction with its evidence. */
  async #say(
    call: Says,
    say: (
      tx: Tx,
      saying: { readonly review: string; readonly caller: Principal; readonly now: number },
    ) => Promise<Result<Review>>,
  ): Promise<Result<View>> {
    const { id } = call.params;
    const review = await this.#find(call, id);
    if (!review) return refuse(noReview(id));
    const { principal: caller } = callerOf(call);
    const now = this.clock.now();
    return this.writes.once(call, {
      asks: [{ action: 'review.decide', object: { type: 'review', id: review.workflow } }],
      act: async (tx) => {
        const said = await say(tx, { review: id, caller, now });
        return said.ok ? ok(view(said.value, { reader: caller, now })) : said;
      },
    });
  }

  #find(call: Says | Call<'getReview'>, id: string): Promise<Review | null> {
    const tenant = tenantOf(call);
    return this.database.withTenant(tenant, (tx) => reviewing.get(tx, { tenant, id }));
  }
}

const noReview = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no review ${id}`,
  next: 'List what is open with `writ reviews list`.',
});

const timeOr = (ms: number | null): string | null => (ms === null ? null : time(ms));

function view(review: Review, { reader, now }: { readonly reader: Principal; readonly now: number }): View {
  const barred = reviewing.barredFrom(review, reader, now);
  const claimer = reviewing.heldBy(review, now);
  return {
    id: review.id,
    run: review.run,
    workflow: review.workflow,
    run_status: review.status,
    run_ended_at: time(review.endedAt),
    initiator: review.initiator,
    tier: review.tier,
    why: review.why,
    share: review.share,
    seed: review.seed,
    policy: review.policy,
    drawn_at: time(review.drawnAt),
    due_at: time(review.dueAt),
    overdue: review.verdict === null && now > review.dueAt,
    claimed_by: claimer,
    claim_ends_at: claimer === null ? null : timeOr(reviewing.claimEnds(review)),
    may_review: barred === null,
    barred,
    verdict: review.verdict,
    note: review.note,
    decided_by: review.decidedBy,
    decided_at: timeOr(review.decidedAt),
  };
}
