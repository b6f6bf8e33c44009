interface Facts {
  readonly url: string;
  readonly version: string;
  readonly api_key: string | null;
  readonly console: string;
  readonly login_file: string;
  readonly database: string;
  readonly ready_ms: number;
}

/**
 * The console's address. Behind its `#`, which a browser sends to nobody: a key to sign in with, once, and the keys of the
 * log, so that what checks the log in the browser has them from this terminal and not from the server it checks.
 */
export function consoleLink(
  url: string,
  brought: { readonly apiKey: string | null; readonly logKeys: readonly string[] },
): string {
  const fragment = new URLSearchParams(brought.apiKey === null ? [] : [['key', brought.apiKey]]);
  for (const key of brought.logKeys) fragment.append('log', key);
  return `${url}/#${fragment}`;
}

/** What a person sees when `writ dev` is ready. */
export function readyText(facts: Facts): string {
  const key = facts.api_key === null ? `kept in ${facts.login_file}` : `${facts.api_key}`;
  const lines = [
    `Writ ${facts.version} is ready in ${(facts.ready_ms / 1000).toFixed(1)} s`,
    '',
    `  Open   ${facts.console}`,
    `  API    ${facts.url}   (document: ${facts.url}/openapi.json)`,
    `  Key    ${key}`,
    ...(facts.api_key === null ? [] : [`         an administrator’s; shown this once, kept in ${facts.login_file}`]),
    `  Data   ${facts.database}`,
    '',
    '  Next   ./writ doctor               is everything there?',
    '         ./writ config apply <dir>   publish agents, tools, workflows, policy',
    '         ./writ runs list            what runs',
    '  Stop   Ctrl-C',
  ];
  return `${lines.join('\n')}\n`;
}
