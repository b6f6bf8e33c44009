import { Controller, Inject } from '@nestjs/common';
import { ok, refuse, type Result } from '@writ/kernel';
import { AuthorityStore, guarding, type Snapshot } from '@writ/policy';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, Operation, tenantOf, ThisCall } from '../frame/call';

type Shown = AnswerOf<'listGuardrails'>['checks'][number];
type Guardrail = NonNullable<Snapshot['guardrails']>['checks'][number];

/** The guardrails of the policy in force: which there are, and what they would say. */
@Controller()
export class GuardrailsController {
  constructor(
    @Inject(AuthorityStore) private readonly authority: AuthorityStore,
    @Inject(Gate) private readonly gate: Gate,
  ) {}

  @Operation('listGuardrails')
  async list(@ThisCall() call: Call<'listGuardrails'>): Promise<Result<AnswerOf<'listGuardrails'>>> {
    const found = await this.policy(call);
    if (!found.ok) return found;
    const { digest, guardrails } = found.value;
    return ok({
      policy: digest,
      checks: (guardrails?.checks ?? []).map(shown),
      absolute: (guardrails?.absolute ?? []).map(({ rid, actions, objects, condition }) => ({
        id: rid.slice(rid.indexOf(':') + 1),
        rid,
        set_by: setBy(rid),
        actions,
        objects,
        when: condition,
      })),
    });
  }

  @Operation('tryGuardrails')
  async tryOut(@ThisCall() call: Call<'tryGuardrails'>): Promise<Result<AnswerOf<'tryGuardrails'>>> {
    const found = await this.policy(call);
    if (!found.ok) return found;
    const { digest, guardrails } = found.value;
    const { boundary, agent, tool = null, content, labels } = call.body;
    if (guardrails === null) return ok({ policy: digest, verdict: 'allow', checks: [], content });
    const place = { boundary, agents: agent === undefined ? [] : [agent], tool };
    return ok({ policy: digest, ...guarding.tryOut(guardrails, { place, content, labels }) });
  }

  private async policy(call: Call<'listGuardrails' | 'tryGuardrails'>): Promise<Result<Snapshot>> {
    const may = await this.gate.ask(call, { action: 'policy.read', object: { type: 'policy', id: 'active' } });
    if (!may.ok) return may;
    const { snapshot } = await this.authority.refresh(tenantOf(call));
    return snapshot
      ? ok(snapshot)
      : refuse({ code: 'not_found', class: 'permanent', message: 'no policy is in force' });
  }
}

const setBy = (rid: string): 'tenant' | 'platform' => (rid.split(':')[1] === 'platform' ? 'platform' : 'tenant');

function shown({ id, rid, version, says, owed }: Guardrail): Shown {
  const { at, agents, tools, answers, detect, words = [], longer_than: longer, labels, call, on_error } = says;
  const [looks_for, what]: [Shown['looks_for'], readonly string[]] =
    detect !== undefined
      ? ['detect', detect]
      : longer !== undefined
        ? ['longer_than', [String(longer)]]
        : labels !== undefined
          ? ['labels', labels]
          : call !== undefined
            ? ['call', [call.tool === undefined ? `model:${call.model ?? ''}` : `tool:${call.tool}`]]
            : ['words', []];
  return {
    ...{
      id,
      rid,
      set_by: setBy(rid),
      version,
      at,
      agents,
      tools,
      answers,
      looks_for,
      what,
      words: words.length,
      on_error,
    },
    then: owed === null ? says.then : 'ask',
    ask: owed?.id ?? null,
  };
}
