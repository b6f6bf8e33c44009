import { SqlMigration } from './sql-migration';

/**
 * Children are led by the process that starts them, where it has a place: the commit that makes one may then end it, too,
 * and reports to its parent as any other that ends a run.
 *
 * `enter_child` says whose a run is, in one call that does not wait for the disk: the child is made by a commit that does,
 * and what was written before it is on the disk by then. A crash of the server loses both or neither.
 * It works under the rights of its caller, bound to the one tenant that it is told (I11).
 */
export class EnterChild1795000000049 extends SqlMigration {
  readonly level = 49;
  protected readonly sql = `
    create function writ.enter_child(p_tenant text, p_child text, p_parent text, p_root text, p_path text) returns void
      language plpgsql volatile
      set search_path = writ, pg_temp
    as $$
    begin
      perform set_config('writ.tenants', p_tenant, true), set_config('synchronous_commit', 'off', true);
      insert into run_child (tenant, child, parent, root, path) values (p_tenant, p_child, p_parent, p_root, p_path)
      on conflict (tenant, child) do nothing;
    end $$;

    create trigger run_reports_at_once after insert on writ.run for each row
      when (new.finished_at is not null)
      execute function writ.report_to_parent();

    revoke all on function writ.enter_child from public;
    grant execute on function writ.enter_child to writ_writer;
  `;
}
