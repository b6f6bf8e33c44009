import { Controller, Inject } from '@nestjs/common';
import { Admissions, Database, type Tx } from '@writ/database';
import { type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';

type AdmissionRecord = Awaited<ReturnType<Admissions['limits']>>;
type Answer = AnswerOf<'getAdmission'>;
type Load = Pick<Answer, 'active' | 'in_line' | 'waited_ms' | 'lined_up_ms' | 'places'>;

const OBJECT = { type: 'admission', id: 'tenant' } as const;

@Controller()
export class AdmissionController {
  private readonly admissions: Admissions;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {
    this.admissions = new Admissions(database);
  }

  @Operation('getAdmission')
  async get(@ThisCall() call: Call<'getAdmission'>): Promise<Result<Answer>> {
    const may = await this.gate.ask(call, { action: 'admission.read', object: OBJECT });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const record = await this.database.withTenant(tenant, (tx) => this.admissions.limits(tx, tenant));
    return ok(view(record, await this.loadOf(tenant)));
  }

  @Operation('setAdmission')
  async set(@ThisCall() call: Call<'setAdmission'>): Promise<Result<Answer>> {
    const { most_active: mostActive, most_in_line: mostInLine, reason } = call.body;
    const tenant = tenantOf(call);
    const load = await this.loadOf(tenant);
    const act = async (tx: Tx): Promise<Result<Answer>> => {
      const author = callerOf(call).principal.id;
      const done = await this.admissions.limit(tx, { tenant, mostActive, mostInLine, reason, author }, recordIn(tx));
      return done.ok ? ok(view(done.value, load)) : refuse(inOurWords(done.failure));
    };
    return this.writes.once(call, { asks: [{ action: 'admission.set', object: OBJECT }], act });
  }

  private async loadOf(tenant: TenantId): Promise<Load> {
    const { places, tenants } = await this.admissions.load();
    const own = tenants.get(tenant);
    return {
      active: own?.active ?? 0,
      in_line: own?.inLine ?? 0,
      waited_ms: own?.waitedMs ?? 0,
      lined_up_ms: own?.linedUpMs ?? 0,
      places,
    };
  }
}

const recordIn =
  (tx: Tx): Parameters<Admissions['limit']>[2] =>
  ({ tenant, ...event }) =>
    appendTenantEvent(tx, tenant, event);

const inOurWords = (failure: Failure): Failure =>
  failure.code === 'admission_shape' ? { ...failure, code: 'schema_violation' } : failure;

const view = ({ weight, own, granted, inForce }: AdmissionRecord, load: Load): Answer => ({
  weight,
  own: { most_active: own.mostActive, most_in_line: own.mostInLine },
  granted: { most_active: granted.mostActive, most_in_line: granted.mostInLine },
  in_force: { most_active: inForce.mostActive, most_in_line: inForce.mostInLine },
  ...load,
});
