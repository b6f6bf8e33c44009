import { Committed, type Unit } from '@writ/database';
import type { CallLimits, ModelCall, ModelProvider, ToolCall, ToolTransport } from '@writ/gateways';
import type { Permit } from '@writ/policy';

/**
 * I1, I2 as the compiler sees them: each line below is an error, and `tsc` fails on the day one stops being one.
 * Never run.
 */
export function doesNotCompile(
  doors: { readonly model: ModelProvider; readonly tools: ToolTransport },
  calls: { readonly model: ModelCall; readonly tool: ToolCall },
  limits: CallLimits,
): void {
  // @ts-expect-error -- a call without a permit
  void doors.model.complete(calls.model, limits);
  // @ts-expect-error -- an object that looks like nothing is no permit
  void doors.tools.invoke({}, calls.tool, limits);
  // @ts-expect-error -- text is no permit
  const permit: Permit = 'permit';
  // @ts-expect-error -- a commit proof is made by the group commit alone
  const proof = new Committed({} as Unit, permit);
  // @ts-expect-error -- an object with the same fields is no proof
  const copy: Committed = { unit: proof.unit, tenant: proof.tenant, run: proof.run, at: 0, covers: () => true };
  void copy;
}
