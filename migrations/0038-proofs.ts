import { appendOnly, rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Proofs of who somebody is: when a credential was last proved by its secret being sent again, and which requests to
 * people a proof was counted for. The first is a memory of minutes, the second is part of what was said and never changes.
 */
export class Proofs1795000000038 extends SqlMigration {
  readonly level = 38;
  protected readonly sql = `
    create table writ.proof (
      tenant     text collate "C" not null,
      credential text collate "C" not null,
      principal  text collate "C" not null,
      key        text collate "C" not null,
      proved_at  timestamptz not null,
      primary key (tenant, credential),
      constraint proof_by_a_key foreign key (tenant, key) references writ.api_key (tenant, id)
    );

    create table writ.approval_proof (
      tenant    text collate "C" not null,
      approval  text collate "C" not null,
      voter     text collate "C" not null,
      proved_at timestamptz not null,
      primary key (tenant, approval, voter, proved_at),
      constraint approval_proof_of foreign key (tenant, approval) references writ.approval (tenant, id)
    );

    ${appendOnly('approval_proof')}

    ${rowSecurity('proof')}
    ${rowSecurity('approval_proof')}

    grant select, insert, update (principal, key, proved_at), delete on writ.proof to writ_writer;
    grant select, insert on writ.approval_proof to writ_writer;
    grant select on writ.approval_proof to writ_reader;
  `;
}
