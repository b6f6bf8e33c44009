import { Controller, Inject } from '@nestjs/common';
import { openApiDocument, type ProblemCode, PROBLEMS, ROUTES } from '@writ/contract';
import { type JsonObject, ok, refuse, type Result } from '@writ/kernel';
import { WithStatus } from '../frame/answer';
import { type AnswerOf, type Call, Operation, ThisCall } from '../frame/call';
import { Readiness } from '../readiness';
import { VERSION } from '../tokens';

/** What anybody may ask: whether the process is up, whether it is ready, and how to talk to it. */
@Controller()
export class SystemController {
  private readonly document: JsonObject;

  constructor(
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(VERSION) private readonly version: string,
  ) {
    this.document = openApiDocument(ROUTES, version);
  }

  @Operation('getHealth')
  async health(@ThisCall() _call: Call<'getHealth'>): Promise<Result<AnswerOf<'getHealth'>>> {
    return ok({ status: 'up', version: this.version });
  }

  @Operation('getReadiness')
  async ready(@ThisCall() _call: Call<'getReadiness'>): Promise<Result<AnswerOf<'getReadiness'> | WithStatus>> {
    const checks = await this.readiness.checks();
    if (checks.every((check) => check.ok)) return ok({ status: 'ready', checks });
    return ok(new WithStatus(503, { status: 'not_ready', checks }));
  }

  @Operation('getOpenApi')
  async openApi(@ThisCall() _call: Call<'getOpenApi'>): Promise<Result<AnswerOf<'getOpenApi'>>> {
    return ok(this.document);
  }

  @Operation('getProblem')
  async problem(@ThisCall() call: Call<'getProblem'>): Promise<Result<AnswerOf<'getProblem'>>> {
    const { code } = call.params;
    if (!Object.hasOwn(PROBLEMS, code)) {
      return refuse({ code: 'not_found', class: 'permanent', message: `there is no problem code ${code}` });
    }
    return ok({ code, ...PROBLEMS[code as ProblemCode] });
  }
}
