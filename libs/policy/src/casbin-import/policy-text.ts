import type { CasbinModel } from './model-text';
import { ImportRefusal } from './refusal';

/** One line of a Casbin policy. */
export interface PolicyLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Column → value. */
  readonly values: ReadonlyMap<string, string>;
}

/** A subject in a role, or an object in a class, as Casbin writes it. */
export interface PolicyLink {
  readonly number: number;
  readonly member: string;
  readonly group: string;
  /** Null where links have no domain. */
  readonly domain: string | null;
}

export interface PolicyText {
  /** In the order in which Casbin asks them. */
  readonly lines: readonly PolicyLine[];
  /** `g`, `g2` → links. */
  readonly links: ReadonlyMap<string, readonly PolicyLink[]>;
  /** Lines of sections the model does not use: Casbin passes over them in silence. */
  readonly ignored: readonly { readonly number: number; readonly text: string }[];
}

/** Reads a policy CSV. Throws `ImportRefusal` for a line that Casbin could not have used either. */
export function parsePolicy(text: string, model: CasbinModel): PolicyText {
  const lines: PolicyLine[] = [];
  const links = new Map<string, PolicyLink[]>();
  const ignored: { readonly number: number; readonly text: string }[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const content = raw.trim();
    const number = i + 1;
    if (content === '' || content.startsWith('#')) continue;
    const [section = '', ...columns] = cellsOf(content, number);
    if (section === 'p') lines.push({ number, text: content, values: valuesOf(columns, number, model) });
    else if (model.groups.has(section)) {
      const all = links.get(section) ?? [];
      all.push(linkOf(columns, number, model.groups.get(section)!));
      links.set(section, all);
    } else ignored.push({ number, text: content });
  }
  return { lines: inOrder(lines, model), links, ignored };
}

/** Cells as CSV has them: quoted where they hold a comma or a quote. Blanks around a cell do not count. */
function cellsOf(content: string, number: number): string[] {
  const cells: string[] = [];
  const cell = /\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(,|$)/y;
  for (let at = 0; at <= content.length; at = cell.lastIndex) {
    cell.lastIndex = at;
    const found = cell.exec(content);
    if (!found) throw new ImportRefusal('casbin_policy', `line ${number} of the policy has a quote that does not end`);
    cells.push((found[1]?.replaceAll('""', '"') ?? found[2] ?? '').trim());
    if (found[3] === '') break;
  }
  return cells;
}

function valuesOf(columns: readonly string[], number: number, model: CasbinModel): ReadonlyMap<string, string> {
  const { policy } = model;
  if (columns.length !== policy.length) {
    const expected = `${policy.length} columns after p (${policy.join(', ')})`;
    throw new ImportRefusal(
      'casbin_policy',
      `line ${number} of the policy has ${columns.length}, not the ${expected} of the model`,
    );
  }
  return new Map(policy.map((name, i) => [name, columns[i]!]));
}

function linkOf(columns: readonly string[], number: number, arity: number): PolicyLink {
  const [member, group, domain] = columns;
  if (columns.length !== arity || member === undefined || group === undefined) {
    throw new ImportRefusal(
      'casbin_policy',
      `line ${number} of the policy does not have the ${arity} columns of a link`,
    );
  }
  if (arity > 3) throw new ImportRefusal('casbin_unsupported', 'links of more than three columns have no counterpart');
  return { number, member, group, domain: domain ?? null };
}

/** Casbin sorts by a column called priority, lowest first, where there is one; else lines count as they stand. */
function inOrder(lines: readonly PolicyLine[], { policy }: CasbinModel): readonly PolicyLine[] {
  if (!policy.includes('priority')) return lines;
  const priorityOf = ({ values, number }: PolicyLine): number => {
    const priority = Number(values.get('priority'));
    if (Number.isInteger(priority)) return priority;
    throw new ImportRefusal('casbin_policy', `line ${number} of the policy has a priority that is no whole number`);
  };
  return [...lines].sort((a, b) => priorityOf(a) - priorityOf(b));
}
