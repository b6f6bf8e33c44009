import { Controller, Inject } from '@nestjs/common';
import { ok, refuse, type Result } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { type Queries, RUN_QUERIES } from '../tokens';

@Controller()
export class DecisionsController {
  constructor(
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
  ) {}

  /**
   * A decision of a run is read like the run; one about a call of this API by whoever made the call, and by those who
   * may explain decisions. Near misses tell what rules there are, so they are for the latter only.
   */
  @Operation('getDecision')
  async get(@ThisCall() call: Call<'getDecision'>): Promise<Result<AnswerOf<'getDecision'>>> {
    const decision = await this.queries.decision(tenantOf(call), call.params.id);
    const run = decision?.run ? await this.queries.brief(tenantOf(call), decision.run) : null;
    if (!decision || (decision.run && !run)) {
      return refuse({ code: 'not_found', class: 'permanent', message: `there is no decision ${call.params.id}` });
    }
    const about = run ? ({ type: 'run', id: run.workflow } as const) : ({ type: 'policy', id: 'active' } as const);
    const explain = { action: 'decision.explain', object: about } as const;
    if (run) {
      const may = await this.gate.ask(call, { action: 'run.read', object: about });
      if (!may.ok) return may;
    } else if (decision.object['subject'] === callerOf(call).principal.id) {
      this.gate.own(call);
    } else {
      const may = await this.gate.ask(call, explain);
      if (!may.ok) return may;
    }
    const whole = await this.gate.allows(call, explain);
    return ok(whole ? decision : { ...decision, near_misses: [] });
  }
}
