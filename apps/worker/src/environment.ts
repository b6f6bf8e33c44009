export interface Environment {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  /** Runs led at once by this process; null for the engine's own default. */
  readonly concurrency: number | null;
}

type Variables = { readonly [name: string]: string | undefined };

/** Reads what the process is told from outside; throws with the variable's name and what it may be. */
export function readEnvironment(env: Variables = process.env): Environment {
  const databaseUrl = env['DATABASE_URL'];
  if (!databaseUrl)
    throw new Error('DATABASE_URL is not set; `writ dev` brings its own database, this worker does not');
  const given = env['WRIT_CONCURRENCY'];
  const concurrency = given === undefined ? null : Number(given);
  if (concurrency !== null && !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 4096)) {
    throw new Error(`WRIT_CONCURRENCY is ${given}; use a number from 1 to 4096, or unset it`);
  }
  return { databaseUrl, redisUrl: env['REDIS_URL'] ?? null, concurrency };
}
