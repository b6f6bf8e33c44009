import { spawnSync } from 'node:child_process';

/** Path of the first of these programs that is on PATH, or null. */
export function installed(names: readonly string[]): string | null {
  for (const name of names) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}

/**
 * Brings one of these programs where the machine can: from PATH, or its packages with apt as root on Debian. Suites begin
 * side by side, and apt refuses whoever comes second: one installs, the others wait for it.
 */
export function bring(names: readonly string[], packages: readonly string[]): string | null {
  const found = installed(names);
  if (found !== null || process.getuid?.() !== 0 || installed(['apt-get']) === null) return found;
  const missing = names.map((name) => `! command -v ${name}`).join(' && ');
  const install = `apt-get update -q; apt-get install -y -q --no-install-recommends ${packages.join(' ')}`;
  spawnSync('flock', ['/tmp/writ-tests-apt.lock', 'sh', '-c', `if ${missing}; then ${install}; fi`], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return installed(names);
}
