import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is yes; throws, naming what was waited for, after `ms`. */
export async function until(what: string, asked: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await asked())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await sleep(10);
  }
}
