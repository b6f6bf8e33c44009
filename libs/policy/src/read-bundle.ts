import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, refuse, type Result } from '@writ/kernel';
import { MAX_BUNDLE_BYTES, mergeBundles, parseBundle, policyFailure, type PolicyBundle, tooLarge } from './bundle';
import { FILE_MARK } from './rule-text';

/**
 * Reads a folder, not its sub-folders: every `*.csv` holds rules; every `*.yaml`, `*.yml` and `*.json` holds a document
 * with conditions, obligations, attributes, limits, and rules if it likes. Files are taken in order of name and merged;
 * later failures name file and line. A single file is read as one document.
 */
export async function readBundle(path: string): Promise<Result<PolicyBundle>> {
  const found = await stat(path).catch(() => null);
  if (!found) return refuse(policyFailure('bundle_not_found', `There is no policy at ${path}.`));
  const files = found.isDirectory() ? await filesIn(path) : [path];
  if (files.length === 0) {
    return refuse(policyFailure('bundle_not_found', `${path} holds no .csv, .yaml, .yml or .json file.`));
  }
  const bundles: PolicyBundle[] = [];
  let bytes = 0;
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    bytes += Buffer.byteLength(text);
    if (bytes > MAX_BUNDLE_BYTES) return refuse(tooLarge(`the files up to ${file} have ${bytes}`));
    const parsed = parseFile(file, text);
    if (!parsed.ok) return parsed;
    bundles.push(parsed.value);
  }
  return mergeBundles(...bundles);
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return names
    .filter((name) => /\.(csv|yaml|yml|json)$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

function parseFile(file: string, text: string): Result<PolicyBundle> {
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (file.endsWith('.csv')) return parseBundle(JSON.stringify({ rules: `${FILE_MARK}${name}\n${text}` }));
  const parsed = parseBundle(text);
  if (!parsed.ok) return refuse({ ...parsed.failure, message: `${name}: ${parsed.failure.message}` });
  return ok({ ...parsed.value, rules: `${FILE_MARK}${name} rules\n${parsed.value.rules}` });
}
