import { checkChain } from '@writ/audit';
import { type Desk, openDesk, OWNER, say } from './desk';

describe('evidence', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  beforeEach(() => {
    desk.reached.length = 0;
  });

  it('[I2] [I14] when evidence cannot be written no effect happens, and when it can again the run goes on', async () => {
    const { outsider } = desk.scenario;
    const run = await desk.start({ workflow: 'waits_then_looks' });
    await desk.stands(run, 'waiting_external');
    await outsider.query(
      `create function writ.no_evidence() returns trigger language plpgsql as $$
       begin raise exception 'permission denied for table audit_unit' using errcode = 'insufficient_privilege'; end $$`,
    );
    await outsider.query(
      'create trigger no_evidence before insert on writ.audit_unit for each statement execute function writ.no_evidence()',
    );
    const { tenant } = desk.scenario;
    await outsider.query(
      `insert into writ.run_mail (tenant, id, run, kind, body, dedup, sender)
       values ($1, 'mai_x', $2, 'signal', '{"name":"go","payload":1}', 'x', 'user:boss')`,
      [tenant, run],
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(desk.reached).toEqual([]);
    const { rows } = await outsider.query<{ status: string }>(`select status from writ.run where id = $1`, [run]);
    expect(rows[0]?.status).toBe('waiting_external');
    await outsider.query('drop trigger no_evidence on writ.audit_unit');
    await outsider.query('drop function writ.no_evidence()');
    await desk.stands(run, 'succeeded');
    expect(desk.reached).toEqual(['look']);
  });

  it('[I9] one altered event of a run is named, even when its owner altered it', async () => {
    const { outsider } = desk.scenario;
    const run = await desk.start({
      workflow: 'desk',
      input: say(desk, 'altered', [{ calls: [{ name: 'look' }] }, { text: 'x' }]),
    });
    await desk.stands(run, 'succeeded');
    await outsider.query('alter table writ.audit_unit disable trigger audit_unit_append_only');
    await outsider.query(
      `update writ.audit_unit u set events = replace(writ.audit_lines(u), 'action.settled', 'action.denied') where run = $1`,
      [run],
    );
    await outsider.query('alter table writ.audit_unit enable trigger audit_unit_append_only');
    const { rows } = await outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where run = $1 order by seq`,
      [run],
    );
    const check = checkChain(rows.flatMap((row) => row.events.split('\n')));
    expect(check).toMatchObject({ ok: false, fault: 'altered' });
  });

  it('the tenant stream is a chain of its own that holds what happened outside runs', async () => {
    const { tenant, outsider } = desk.scenario;
    await desk.engine.commands.start({
      tenant,
      caller: desk.as(OWNER),
      onBehalfOf: { id: 'user:bob', roles: ['x'] },
      workflow: 'look_twice',
      input: {},
    });
    const { rows } = await outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
      [tenant],
    );
    const lines = rows.flatMap((row) => row.events.split('\n'));
    expect(checkChain(lines)).toMatchObject({ ok: true });
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toEqual(expect.arrayContaining(['definition.published', 'access.denied']));
  });
});
