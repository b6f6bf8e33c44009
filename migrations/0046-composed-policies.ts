import { SqlMigration } from './sql-migration';

/**
 * Of a policy that is a tenant's bundle with what the platform adds: the digest of the bundle alone. Null for what somebody
 * wrote, which is what is listed as the policies that a tenant had.
 */
export class ComposedPolicies1795000000046 extends SqlMigration {
  readonly level = 46;
  protected readonly sql = `
    alter table writ.policy_bundle add column own text collate "C",
      add constraint policy_bundle_own foreign key (tenant, own) references writ.policy_bundle (tenant, digest);
    create index policy_bundle_written on writ.policy_bundle (tenant, created_at desc, digest desc) where own is null;
  `;
}
