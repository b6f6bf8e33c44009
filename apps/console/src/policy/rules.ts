/** One rule of a policy by its columns, as the policy in force has them: each written out, in one order. */
export interface PolicyRule {
  readonly rid: string;
  readonly effect: 'allow' | 'deny';
  readonly subject: string;
  readonly action: string;
  readonly object: string;
  readonly condition: string | null;
  readonly obligations: readonly string[];
  readonly line: string;
}

/** `user:ann` holds `role:keeper`, or `tool:refund` is in `class:money`. */
export interface PolicyLink {
  readonly member: string;
  readonly group: string;
}

export interface PolicyLines {
  readonly rules: readonly PolicyRule[];
  readonly roles: readonly PolicyLink[];
  readonly classes: readonly PolicyLink[];
}

/** Reads the lines of a policy in force; lines that are nothing of these are left out. */
export function readLines(text: string): PolicyLines {
  const rules: PolicyRule[] = [];
  const links: { readonly [section: string]: PolicyLink[] } = { g: [], g2: [] };
  for (const line of text.split('\n')) {
    const columns = line.split(', ').map((column) => column.trim());
    const [section = '', first = '', second = '', third = '', fourth = ''] = columns;
    if (section === 'p' || section === 'p2') {
      const [condition = '', effect = '', obligations = '', rid = ''] = columns.slice(-4);
      rules.push({
        rid,
        effect: effect === 'deny' ? 'deny' : 'allow',
        subject: first,
        action: section === 'p' ? fourth : 'handoff',
        object: section === 'p' ? third : second,
        condition: condition === '' ? null : condition,
        obligations: obligations === '' ? [] : obligations.split('|'),
        line,
      });
    } else links[section]?.push({ member: first, group: second });
  }
  return { rules, roles: links['g'] ?? [], classes: links['g2'] ?? [] };
}

/** Rules whose line holds every one of the words. */
export function fitting(rules: readonly PolicyRule[], words: string): readonly PolicyRule[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return wanted.length === 0
    ? rules
    : rules.filter(({ line }) => wanted.every((word) => line.toLowerCase().includes(word)));
}
