import { appendOnly, rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** Policy bundles (immutable, by digest), the one in force per tenant, and stops. */
export class Policy1795000000003 extends SqlMigration {
  readonly level = 3;
  protected readonly sql = `
    create table writ.policy_bundle (
      tenant     text collate "C" not null references writ.tenant,
      digest     text collate "C" not null,
      body       text not null,
      author     text not null,
      created_at timestamptz not null default now(),
      primary key (tenant, digest)
    );

    create table writ.policy_head (
      tenant       text collate "C" primary key references writ.tenant,
      digest       text collate "C" not null,
      activated_at timestamptz not null default now(),
      activated_by text not null,
      constraint policy_head_bundle foreign key (tenant, digest) references writ.policy_bundle (tenant, digest)
    );

    create table writ.stop (
      tenant      text collate "C" not null references writ.tenant,
      id          text collate "C" not null,
      scope       text collate "C" not null,
      target      text collate "C" not null default '',
      reason      text not null,
      set_by      text not null,
      set_at      timestamptz not null default now(),
      released_by text,
      released_at timestamptz,
      primary key (tenant, id),
      constraint stop_scope_known check (scope in ('all', 'tenant', 'agent', 'tool', 'model', 'workflow', 'run')),
      constraint stop_release_complete check ((released_by is null) = (released_at is null))
    );
    create index stop_in_force on writ.stop (tenant) where released_at is null;

    ${appendOnly('policy_bundle')}
    ${rowSecurity('policy_bundle')}
    ${rowSecurity('policy_head')}
    ${rowSecurity('stop', { platformReadable: true })}

    grant select, insert on writ.policy_bundle to writ_writer;
    grant select, insert, update (digest, activated_at, activated_by) on writ.policy_head to writ_writer;
    grant select, insert, update (released_by, released_at) on writ.stop to writ_writer;
    grant select on writ.policy_bundle, writ.policy_head, writ.stop to writ_reader;
  `;
}
