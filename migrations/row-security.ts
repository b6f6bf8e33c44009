/**
 * The statements that put one table under row-level security [I11]: a row is seen and written only by a transaction
 * that named the row's tenant. `writ.visible_tenants()` stands in a subselect so that it is evaluated once per
 * statement (an InitPlan), not once per row; unset, it is null, and null matches nothing.
 * `platformReadable`: rows of the platform (tenant '*') are also readable by a transaction bound to any tenant.
 */
export function rowSecurity(table: string, options: { readonly platformReadable?: boolean } = {}): string {
  const platform = `
    create policy platform_rows on writ.${table} for select
      using (tenant = '*' and (select writ.visible_tenants()) is not null);`;
  return `
    alter table writ.${table} enable row level security;
    create policy own_rows on writ.${table}
      using (tenant = any ((select writ.visible_tenants())::text[]))
      with check (tenant = any ((select writ.visible_tenants())::text[]));${options.platformReadable ? platform : ''}`;
}

/**
 * Evidence and published documents are only ever added. The roles have no right to change them; these triggers are the
 * second line, against the owner's own slip. They fire per statement, so an insert pays nothing.
 */
export function appendOnly(table: string): string {
  return `
    create trigger ${table}_append_only before update or delete or truncate on writ.${table}
      for each statement execute function writ.refuse_change();`;
}
