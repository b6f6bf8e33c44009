import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './dev-server';

/** One service of docker-compose.yml, as compose itself would understand it. */
export interface ComposeService {
  readonly name: string;
  /** Null for the product's own image. */
  readonly image: string | null;
  /** Empty where the image's own command runs. */
  readonly command: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** Without the leading `CMD` or `CMD-SHELL`; null where there is none. */
  readonly healthcheck: { readonly shell: boolean; readonly words: readonly string[] } | null;
  readonly dependsOn: { readonly [service: string]: { readonly condition: string } };
  readonly replicas: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly profiles: readonly string[];
  /** Named volume → where it is mounted. */
  readonly volumes: ReadonlyMap<string, string>;
}

type Variables = { readonly [name: string]: string | undefined };

/** `${NAME}` and `${NAME:-default}`, as compose fills them in from where it is run. */
const filled = (text: string, env: Variables): string =>
  text.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, standard = '') => env[name] || String(standard));

interface Raw {
  readonly build?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: { readonly [name: string]: string | number | null };
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: ComposeService['dependsOn'];
  readonly deploy?: { readonly replicas?: number };
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
  readonly volumes?: readonly string[];
}

/** The services of docker-compose.yml; `env` is where compose would be run. */
export function readCompose(env: Variables = {}): ReadonlyMap<string, ComposeService> {
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const { services } = parse(text, { merge: true }) as { services: { [name: string]: Raw } };
  return new Map(Object.entries(services).map(([name, raw]) => [name, serviceOf(name, raw, env)]));
}

function serviceOf(name: string, raw: Raw, env: Variables): ComposeService {
  const environment = Object.entries(raw.environment ?? {}).flatMap(([key, value]): [string, string][] => {
    const given = value === null ? env[key] : filled(String(value), env);
    return given === undefined ? [] : [[key, given]];
  });
  const [how = 'CMD', ...words] = raw.healthcheck?.test ?? [];
  const volumes = (raw.volumes ?? []).map((one) => one.split(':') as [string, string]);
  return {
    name,
    image: raw.build === undefined ? (raw.image ?? null) : null,
    command: (raw.command ?? []).map((word) => filled(word, env)),
    environment: Object.fromEntries(environment),
    healthcheck: raw.healthcheck ? { shell: how === 'CMD-SHELL', words: words.map((word) => filled(word, env)) } : null,
    dependsOn: raw.depends_on ?? {},
    replicas: raw.deploy?.replicas ?? 1,
    graceMs: 1_000 * Number.parseInt(raw.stop_grace_period ?? '10s', 10),
    profiles: raw.profiles ?? [],
    volumes: new Map(volumes),
  };
}

/** What the product's image brings: its command, and its environment. */
export function readImage(): { readonly command: readonly string[]; readonly environment: Record<string, string> } {
  const [last = ''] = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .split(/^FROM /m)
    .slice(-1);
  const command = /^CMD (\[.*\])$/m.exec(last)?.[1] ?? '[]';
  const environment = [...last.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]);
  return {
    command: JSON.parse(command) as string[],
    environment: Object.fromEntries(environment) as Record<string, string>,
  };
}

/** Services in an order in which each one's dependencies come before it. */
export function inOrder(services: ReadonlyMap<string, ComposeService>): ComposeService[] {
  const done = new Map<string, ComposeService>();
  const visit = (service: ComposeService): void => {
    if (done.has(service.name)) return;
    for (const name of Object.keys(service.dependsOn)) {
      const other = services.get(name);
      if (!other) throw new Error(`${service.name} depends on ${name}, which is no service`);
      visit(other);
    }
    done.set(service.name, service);
  };
  for (const service of services.values()) visit(service);
  return [...done.values()];
}
