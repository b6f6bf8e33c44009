interface Text {
  readonly path: string;
  readonly text: string;
}

interface TextRule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly why: string;
}

const NAMES_WITH_NUMBERS = 'RFC|SHA|DSA|UTF|ISO|AES|CVE|OWASP|BCP|RS|ES|HS|NIST|MIT|BSD|CC|PG';

export const TEXT_RULES: readonly TextRule[] = [
  { name: 'open work', pattern: /\b(TODO|FIXME|HACK|XXX)\b/, why: 'finish it, or write the reason down as it stands' },
  {
    name: 'ticket number',
    pattern: new RegExp(
      `(?:^|[\\s(])#\\d+\\b|\\b(?:issue|ticket|pull request|PR) #?\\d+|\\b(?!(?:${NAMES_WITH_NUMBERS})-)[A-Z]{2,6}-\\d{2,}\\b`,
    ),
    why: 'a reader of the code cannot open it: give the reason itself',
  },
  {
    name: 'focused test',
    pattern: /\b(?:it|test|describe)\.only\(|^\s*f(?:it|describe)\(/m,
    why: 'it switches the others off',
  },
  {
    name: 'switched-off test',
    pattern: /\bx(?:it|describe|test)\(/,
    why: 'skip with a reason that is checked at run time',
  },
  {
    name: "one machine's path",
    pattern: /(?:^|[\s'"`(=])\/(?:root|home\/\w+|work)\//,
    why: 'it exists on one machine',
  },
];

/** Lines that break a text rule. The architecture tests themselves are left out: they name what they forbid. */
export function textFaults(texts: readonly Text[], rules: readonly TextRule[] = TEXT_RULES): string[] {
  return texts
    .filter(({ path }) => !path.startsWith('test/architecture/'))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((content, index) =>
          rules
            .filter(({ pattern }) => pattern.test(content))
            .map(({ name, why }) => `${path}:${index + 1}: ${name} (${why}): ${content.trim().slice(0, 80)}`),
        ),
    );
}
