import { Controller, Inject } from '@nestjs/common';
import type { JsonObject } from '@writ/kernel';
import { ok, refuse, type Result } from '@writ/kernel';
import { buildSnapshot, importCasbin } from '@writ/policy';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, Operation, ThisCall } from '../frame/call';

@Controller()
export class PolicyImportController {
  constructor(@Inject(Gate) private readonly gate: Gate) {}

  /** Only for those who may change the policy: reading a large one takes the server a while. */
  @Operation('importPolicy')
  async import(@ThisCall() call: Call<'importPolicy'>): Promise<Result<AnswerOf<'importPolicy'>>> {
    const may = await this.gate.ask(call, { action: 'policy.change', object: { type: 'policy', id: 'active' } });
    if (!may.ok) return may;
    const { model, policy, domain, subject_type: subjectType, resource_type: resourceType, actions } = call.body;
    const source = { model, policy, subjectType, resourceType, actions, ...(domain === undefined ? {} : { domain }) };
    const imported = await importCasbin(source);
    if (!imported.ok) return refuse({ ...imported.failure, code: 'schema_violation' });
    const { bundle, notes } = imported.value;
    const built = await buildSnapshot(bundle);
    // A policy that grants nothing is an answer here; it is refused where somebody would put it in force.
    if (!built.ok && built.failure.code !== 'empty_bundle')
      return refuse({ ...built.failure, code: 'schema_violation' });
    const exact = notes.every(({ kind }) => kind === 'noted' || kind === 'no_effect');
    return ok({ bundle: bundle as unknown as JsonObject, rules: built.ok ? built.value.ruleCount : 0, exact, notes });
  }
}
