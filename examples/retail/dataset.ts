import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Json, JsonObject } from '@writ/kernel';

/** One call of a task, with what the reference shop answered: a result, or an error's text. */
export interface RecordedStep {
  readonly name: string;
  readonly arguments: JsonObject;
  readonly result: Json;
  readonly error: string | null;
}

export interface RecordedTask {
  readonly steps: readonly RecordedStep[];
  /** `orders/<id>` or `users/<id>` → the record after the task, for each record it changed. */
  readonly db_changes: { readonly [record: string]: Json };
  /** SHA-256 of the whole shop after the task: sorted keys, no white space, every number with a decimal point. */
  readonly db_sha256: string;
}

export interface LabelledCall {
  readonly step: number | null;
  readonly name: string;
  readonly arguments: JsonObject;
  readonly expect: 'allow' | 'deny';
  readonly why: string;
}

export interface OwnershipTask {
  readonly authenticated_user: string | null;
  readonly owned_orders: readonly string[];
  readonly calls: readonly LabelledCall[];
}

export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
}

/** The training part of tau2-bench's retail domain. Read at run time; nothing of it is kept in this repository. */
export interface Dataset {
  readonly folder: string;
  readonly tools: readonly ToolDescription[];
  /** The house rules every agent is instructed with. */
  readonly policy: string;
  /** By task id. */
  readonly tasks: ReadonlyMap<string, RecordedTask>;
  readonly ownership: ReadonlyMap<string, OwnershipTask>;
}

function repositoryRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = dirname(folder);
  }
  return folder;
}

/** Where the data set should be: `tau2` in WRIT_DATASETS, which is relative to the repository and `../shared/data` by default. */
export function datasetFolder(): string {
  const datasets = process.env['WRIT_DATASETS'] ?? '../shared/data';
  return join(isAbsolute(datasets) ? datasets : resolve(repositoryRoot(), datasets), 'tau2');
}

/** The data set, or null when its folder is not there. */
export function readDataset(folder: string = datasetFolder()): Dataset | null {
  if (!existsSync(join(folder, 'retail_db.json'))) return null;
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const byTask = <T>(name: string): ReadonlyMap<string, T> =>
    new Map(Object.entries(json(name) as { [id: string]: T }));
  return {
    folder,
    tools: json('retail_tools.json') as ToolDescription[],
    policy: readFileSync(join(folder, 'retail_policy.md'), 'utf8'),
    tasks: byTask<RecordedTask>('retail_results_train.json'),
    ownership: byTask<OwnershipTask>('retail_ownership_train.json'),
  };
}
