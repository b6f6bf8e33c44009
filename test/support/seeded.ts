/** Numbers in [0, 1) from a printed seed (mulberry32): `WRIT_SEED=<n>` replays a run. */
export function seeded(what: string): () => number {
  let state = Number(
    process.env['WRIT_SEED'] ?? (process.env['WRIT_SOAK'] === '1' ? Date.now() % 2 ** 31 : 20_261_122),
  );
  process.stdout.write(`${what}: seed ${state}\n`);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
