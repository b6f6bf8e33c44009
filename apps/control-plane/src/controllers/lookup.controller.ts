import { Controller, Inject } from '@nestjs/common';
import { ok, refuse, type Result } from '@writ/kernel';
import { type AnswerOf, type Call, Operation, ThisCall } from '../frame/call';
import { Lookup } from '../search/lookup';

@Controller()
export class LookupController {
  constructor(@Inject(Lookup) private readonly things: Lookup) {}

  /** Each kind of thing is read by its own right, so the look-up itself needs none. */
  @Operation('lookup')
  async lookup(@ThisCall() call: Call<'lookup'>): Promise<Result<AnswerOf<'lookup'>>> {
    const matches = await this.things.find(call, call.params.anything);
    if (matches.length > 0) return ok({ matches });
    return refuse({
      code: 'not_found',
      class: 'permanent',
      message: `nothing that you may read is named ${call.params.anything.slice(0, 80)}`,
      next: 'Paste a whole id, such as run_…, dec_…, evt_…, or a trace id of 32 hexadecimal characters.',
    });
  }
}
