interface LockEntry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** `packages` of a package-lock.json, version 2 or 3: path in the tree → entry. */
export type LockPackages = Readonly<Record<string, LockEntry>>;

/** Hosts written into the lock: they tie a checkout to one registry. */
export const namedHosts = (packages: LockPackages): string[] =>
  Object.entries(packages)
    .filter(([, entry]) => /^[a-z+]+:\/\//.test(entry.resolved ?? ''))
    .map(([path, entry]) => `${path}: ${entry.resolved}`);

/** Optional packages that the lock names but does not hold: `npm ci` fails on them, on every platform. */
export function missingOptionals(packages: LockPackages): string[] {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !isHeld(packages, path, name))
      .map((name) => `${path === '' ? 'package.json' : path}: ${name}`),
  );
}

/** Node's own search: the package's folder, then every folder above it. */
function isHeld(packages: LockPackages, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    if (`${folder}${folder === '' ? '' : '/'}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}
