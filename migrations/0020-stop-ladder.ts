import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * The rungs of a stop, who has applied it, and what was on its way when it took effect [I3].
 *
 * `horizon` is the transaction snapshot taken under the authority lock, when the stop's epoch was raised: a unit it shows
 * was committed before the stop, any other one after. What such units intended and had not settled is the stop's residue,
 * and it can be told at any later time.
 */
export class StopLadder1795000000020 extends SqlMigration {
  readonly level = 20;
  protected readonly sql = `
    alter table writ.stop
      add mode        text collate "C" not null default 'freeze_steps',
      add per_minute  int,
      add two_persons boolean not null default false,
      add asked_by    text,
      add asked_at    timestamptz,
      add epoch       bigint,
      add horizon     text,
      add constraint stop_mode_known check (mode in ('throttle', 'freeze_new', 'freeze_steps', 'revoke', 'terminate')),
      add constraint stop_throttle_rate check ((mode = 'throttle') = (per_minute is not null) and per_minute >= 0),
      add constraint stop_release_asked check ((asked_by is null) = (asked_at is null)),
      drop constraint stop_scope_known,
      add constraint stop_scope_known check (scope in ('all', 'tenant', 'agent', 'agent_version', 'tool', 'model',
        'workflow', 'run'));

    -- A throttle is a budget of steps per minute that runs wait for; it ends with its stop.
    alter table writ.budget add stop text collate "C" not null default '';
    drop index writ.budget_in_force;
    create unique index budget_in_force on writ.budget (tenant, scope, target, dimension, period, stop)
      where removed_at is null;

    create table writ.stop_ack (
      tenant   text collate "C" not null,
      stop     text collate "C" not null,
      instance text collate "C" not null,
      kind     text collate "C" not null,
      at       timestamptz not null default clock_timestamp(),
      primary key (tenant, stop, instance),
      constraint stop_ack_of_a_stop foreign key (tenant, stop) references writ.stop (tenant, id)
    );

    ${rowSecurity('stop_ack', { platformReadable: true })}

    grant update (asked_by, asked_at, epoch, horizon) on writ.stop to writ_writer;
    grant select, insert on writ.stop_ack to writ_writer;
    grant select on writ.stop_ack to writ_reader;
  `;
}
