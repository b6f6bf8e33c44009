import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is yes; throws, naming what was waited for, after `ms`. */
export async function until(what: string, asked: () => boolean | Promise<boolean>, ms = 90_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await asked())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await sleep(10);
  }
}

/**
 * Makes the assertions again and again until they hold: for what follows an action after a while. Throws what the last
 * try threw, with its difference, after `ms`.
 */
export async function eventually(assertions: () => void | Promise<void>, ms = 90_000): Promise<void> {
  for (const end = Date.now() + ms; ; await sleep(30)) {
    try {
      return await assertions();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
