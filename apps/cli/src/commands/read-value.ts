import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '@writ/kernel';
import { usage } from '../cli-error';
import type { Io } from '../output/io';

/** JSON given as itself, as `@file`, or as `-` for standard input. */
export async function readJson(io: Io, what: string, given: string): Promise<Json> {
  const text = await readText(io, what, given);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usage(
      `${what} is not JSON.`,
      (error as Error).message,
      `Give JSON, @file with JSON in it, or - for standard input.`,
    );
  }
}

export async function readJsonObject(io: Io, what: string, given: string): Promise<JsonObject> {
  const value = await readJson(io, what, given);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw usage(
    `${what} is not a JSON object.`,
    `It is ${JSON.stringify(value)?.slice(0, 60)}.`,
    'Give an object: {"name": "value"}.',
  );
}

/** A text given as itself, as `@file`, or as `-` for standard input. */
export async function readText(io: Io, what: string, given: string): Promise<string> {
  if (given === '-') return io.read();
  if (!given.startsWith('@')) return given;
  try {
    return readFileSync(given.slice(1), 'utf8');
  } catch (error) {
    throw usage(`${what} cannot be read.`, (error as Error).message, 'Check the path after @.');
  }
}

/** A whole number of at least `least`; undefined when the option was not given. */
export function wholeNumber(option: string, given: string | undefined, least = 1): number | undefined {
  if (given === undefined) return undefined;
  // As digits: `Number` would also take an empty text for 0, and 0x10 for 16.
  const value = /^[0-9]{1,16}$/.test(given) ? Number(given) : NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  const most = `${least} to ${Number.MAX_SAFE_INTEGER}`;
  throw usage(`${option} is no such number.`, `It is ${JSON.stringify(given)}.`, `Give a whole number, ${most}.`);
}

/** An object without the members that were not given: absent and `undefined` are not the same to a strict schema. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The first `limit` items of a list, without asking for pages beyond them. */
export async function* first<T>(items: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  let count = 0;
  if (limit <= 0) return;
  for await (const item of items) {
    yield item;
    if (++count >= limit) return;
  }
}
