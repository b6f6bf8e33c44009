import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { JsonObject } from '@writ/kernel';
import { parseAllDocuments } from 'yaml';
import { usage } from '../cli-error';

export interface ConfigFiles {
  readonly documents: readonly JsonObject[];
  /** Of each document: its file, and what it defines, such as `orders/tools.yaml, tool refund`. */
  readonly places: readonly string[];
  readonly bundle: JsonObject | null;
}

/** Loaded when asked for: reading a policy brings the whole evaluator along. */
const policy = () => require('../local/policy-files') as typeof import('../local/policy-files');

const DOCUMENT = /\.(ya?ml|json)$/;
const POLICY_FILE = /^policy(\.cases)?\.(ya?ml|json)$/;

/** Tables of what the policy of a folder is expected to decide. */
export function casesBeside(dir: string): readonly string[] {
  const folder = join(dir, 'policies', 'cases');
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : [];
  const beside = ['policy.cases.yaml', 'policy.cases.yml']
    .map((name) => join(dir, name))
    .filter((path) => existsSync(path));
  return [...beside, ...found.sort().map((name) => join(folder, name))];
}

/** Definitions and policy of a folder. Files are taken in order of name, folders below it too, `policies/` apart. */
export async function readConfig(dir: string): Promise<ConfigFiles> {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) {
    throw usage(
      'There is no such folder.',
      `"${dir}" is not a folder that can be read.`,
      'Give the folder that holds the definitions.',
    );
  }
  const found = [...documentFiles(dir)].flatMap((file) =>
    documentsIn(file).map((document) => ({ document, place: placeOf(relative(dir, file), document) })),
  );
  const documents = found.map(({ document }) => document);
  const place = policyPlace(dir);
  const bundle = place === null ? null : await policy().readPolicy(place);
  if (documents.length === 0 && bundle === null) {
    throw usage(
      'There is nothing to apply.',
      `"${dir}" holds neither definitions nor a policy.`,
      'Put *.yaml files there, or a folder policies/.',
    );
  }
  return { documents, places: found.map(({ place }) => place), bundle };
}

function* documentFiles(folder: string, top = true): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!(top && entry.name === 'policies') && !entry.name.startsWith('.')) yield* documentFiles(path, false);
    } else if (DOCUMENT.test(entry.name) && !(top && POLICY_FILE.test(entry.name))) yield path;
  }
}

function documentsIn(file: string): JsonObject[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw usage(`${file} cannot be read.`, error.message, 'Mend the file and run the command again.');
    // Aliases are not resolved: a document says what it means, and cannot grow when it is read.
    const value = document.toJS({ maxAliasCount: 0 }) as unknown;
    if (value === null) return [];
    if (typeof value === 'object' && !Array.isArray(value) && 'kind' in value) return [value as JsonObject];
    throw usage(
      `${file} holds something that is no definition.`,
      'Each document is an object with a `kind`.',
      'Keep other files outside the folder.',
    );
  });
}

const placeOf = (file: string, { kind, name }: JsonObject): string =>
  `${file}, ${String(kind)}${typeof name === 'string' ? ` ${name}` : ''}`;

/** The faults that a server found in documents, by the files they came from; null when it named none. */
export function faultsByFile(errors: readonly Fault[], places: readonly string[]): string | null {
  const named = errors.flatMap(({ pointer, message }) => {
    const [, index, inside] = /^\/documents\/(\d+)(.*)$/.exec(pointer) ?? [];
    const place = places[Number(index)];
    return place === undefined ? [] : [`${place}${inside ? ` at ${inside}` : ''}: ${message}`];
  });
  return named.length === 0 ? null : named.join(' · ');
}
interface Fault {
  readonly pointer: string;
  readonly message: string;
}

function policyPlace(dir: string): string | null {
  const names = ['policies', 'policy.yaml', 'policy.yml', 'policy.json'];
  return names.map((name) => join(dir, name)).find((path) => existsSync(path)) ?? null;
}
