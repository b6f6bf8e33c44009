import { SqlMigration } from './sql-migration';

/**
 * What the platform adds to every tenant's policy, as the platform's own rows of the tables of policies. A tenant's policy
 * in force is then its bundle with that; `own` names the bundle alone, and is null where nothing is added.
 */
export class PlatformPolicy1795000000043 extends SqlMigration {
  readonly level = 43;
  protected readonly sql = `
    alter table writ.policy_head add column own text collate "C",
      add constraint policy_head_own foreign key (tenant, own) references writ.policy_bundle (tenant, digest);
    grant update (own) on writ.policy_head to writ_writer;

    create policy platform_rows on writ.policy_bundle for select
      using (tenant = '*' and (select writ.visible_tenants()) is not null);
    create policy platform_rows on writ.policy_head for select
      using (tenant = '*' and (select writ.visible_tenants()) is not null);
  `;
}
