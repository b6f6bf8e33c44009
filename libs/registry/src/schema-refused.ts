/** A schema that cannot be checked in bounded time, or a check that would take too long: nothing passes it. */
export class SchemaRefused extends Error {
  readonly code: string = 'schema_refused';

  constructor(
    why: string,
    readonly next: string,
  ) {
    super(why);
    this.name = 'SchemaRefused';
  }
}
