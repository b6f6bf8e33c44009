import { SqlMigration } from './sql-migration';

/**
 * Evidence that lies packed: in a unit of `writ.audit_unit`, marks stand for what its row says anyway, for what its events
 * have in common, and for what nearly all events say (libs/audit/src/packed.ts writes it; docs/decisions/0024 says why).
 * `writ.audit_lines` is the only way to read `events`: it gives the exact hashed bytes, of packed units and of those of
 * before, which begin with the brace of their first event.
 *
 * A unit that somebody changed may be one that cannot be unpacked. It is then given as it lies, so that it shows as an
 * event that is not what was sealed, and nothing that reads beside it fails.
 *
 * Breaking: older programs would take a packed unit for its lines.
 */
export class PackedUnits1795000000045 extends SqlMigration {
  readonly level = 45;
  override readonly breaking = true;
  protected readonly sql = `
    create function writ.unpacked(p_tenant text, p_run text, p_events text, p_hashes bytea) returns text
      language plpgsql stable strict
    as $$
    declare
      body int;
      shared bytea;
      words text[];
    begin
      if left(p_events, 1) <> '1' then
        return p_events;
      end if;
      body := position('{' in p_events);
      shared := decode(substr(p_events, 19, body - 19), 'base64');
      words := array[
        '"origin":"writ/' || p_tenant || '",',
        '"run":"' || p_run || '","run_seq":',
        '"tenant":"' || p_tenant || '","time":"' || substr(p_events, 2, 17),
        ',"trace":"' || encode(substr(shared, 65, 16), 'hex') || '","type":"',
        ',"schema":1,"span":"' || encode(substr(shared, 81, 8), 'hex') || '",',
        '"context":"sha256:' || encode(substr(shared, 33, 32), 'hex') || '",',
        '"id":"evt_',
        '"attempt":1,"authority":{"platform":',
        '"outcome":"ok",',
        '"args":"hmac-sha256:',
        '"decision":{"id":"dec_',
        '","mode":"enforce","reason":"allowed","stages":[["guardrail","allow"],["',
        '"],["initiator","allow","',
        '"]],"verdict":"allow"},',
        '"object":{"digest":"sha256:',
        '"result":"hmac-sha256:',
        'action.authorized"',
        'action.settled"',
        '"prev":"' || encode(substr(shared, 1, 32), 'hex') || '",'];
      for i in 0 .. octet_length(p_hashes) / 32 - 2 loop
        words := words || ('"prev":"' || encode(substr(p_hashes, 32 * i + 1, 32), 'hex') || '",');
      end loop;
      for i in 0 .. (octet_length(shared) - 88) / 32 - 1 loop
        words := words || encode(substr(shared, 32 * i + 89, 32), 'hex');
      end loop;
      return format(substr(p_events, body), variadic words);
    exception when others then
      return p_events;
    end $$;

    create function writ.audit_lines(u writ.audit_unit) returns text
      language sql stable
    as $$
      select case when left(u.events, 1) = '{' then u.events
                  else writ.unpacked(u.tenant, u.run, u.events, u.hashes) end
    $$;

    -- What a claim answers of the run's evidence; the function is otherwise the same.
    do $do$
    declare
      claims text := pg_get_functiondef('writ.take_runs(text[], text[], text[], int[], boolean)'::regprocedure);
      says text := replace(claims, 'string_agg(a.events,', 'string_agg(writ.audit_lines(a),');
    begin
      if says = claims then
        raise exception 'take_runs does not read evidence where it is known to';
      end if;
      execute says;
    end $do$;
    -- Of programs that this level no longer lets in.
    drop function writ.take_run(text, text, text);
    drop function writ.take_run(text, text, text, int);

    revoke all on function writ.unpacked(text, text, text, bytea) from public;
    revoke all on function writ.audit_lines(writ.audit_unit) from public;
    grant execute on function writ.unpacked(text, text, text, bytea), writ.audit_lines(writ.audit_unit)
      to writ_writer, writ_sequencer, writ_reader;
  `;
}
