import type { Client } from 'pg';

export interface Column {
  readonly name: string;
  readonly type: string;
  /** It has a default, may be null or counts by itself: a row can be made without it. */
  readonly optional: boolean;
  readonly generated: boolean;
}

export interface Table {
  readonly name: string;
  readonly rowSecurity: boolean;
  /** Rows of the platform may be read by a transaction bound to any tenant. */
  readonly platformReadable: boolean;
  readonly columns: readonly Column[];
  /** Foreign keys, as the referenced table and pairs of columns. */
  readonly references: readonly { readonly to: string; readonly columns: readonly (readonly [string, string])[] }[];
}

const CATALOG = `
  select c.relname as name, c.relrowsecurity as "rowSecurity",
         exists (select from pg_policy p where p.polrelid = c.oid and p.polname in ('platform_rows', 'everyone'))
           as "platformReadable",
         (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null),
                   'optional', not a.attnotnull or a.atthasdef or a.attidentity <> '',
                   'generated', a.attgenerated <> '' or a.attidentity = 'a') order by a.attnum)
            from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
         coalesce((select json_agg(json_build_object('to', t.relname, 'columns',
                     (select json_agg(json_build_array(f.attname, g.attname) order by n)
                        from generate_subscripts(k.conkey, 1) n
                        join pg_attribute f on f.attrelid = k.conrelid and f.attnum = k.conkey[n]
                        join pg_attribute g on g.attrelid = k.confrelid and g.attnum = k.confkey[n])))
            from pg_constraint k join pg_class t on t.oid = k.confrelid
           where k.conrelid = c.oid and k.contype = 'f'), '[]') as references
    from pg_class c
   where c.relnamespace = 'writ'::regnamespace and c.relkind in ('r', 'p')
   order by c.relname`;

/** Every table of the schema as Postgres knows it, so that a table added later is walked without being listed. */
export async function readCatalog(owner: Client): Promise<Table[]> {
  return (await owner.query<Table>(CATALOG)).rows;
}
