import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One change of the schema, as SQL. Changes only go forward: a mistake is corrected by the next change, because a
 * `down` that loses evidence must not exist.
 * `level` counts up by one. `breaking` marks a change that programs knowing only older levels must not run on.
 * The level's row is written first: two migrators that get past the lock collide on its key instead of racing.
 */
export abstract class SqlMigration implements MigrationInterface {
  abstract readonly level: number;
  readonly breaking: boolean = false;
  protected abstract readonly sql: string;

  async up(runner: QueryRunner): Promise<void> {
    if (this.level > 1) await this.mark(runner);
    await runner.query(this.sql);
    if (this.level === 1) await this.mark(runner);
  }

  down(): Promise<void> {
    return Promise.reject(new Error(`schema level ${this.level} cannot be undone; restore a backup instead`));
  }

  private async mark(runner: QueryRunner): Promise<void> {
    await runner.query('insert into writ.schema_level (level, breaking) values ($1, $2)', [this.level, this.breaking]);
  }
}
