import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { JsonObject } from '@writ/kernel';
import { buildWritten, explaining, validateBundle } from '@writ/policy';
import { fromFailure, usage } from '../cli-error';
import type { Row } from '../output/output';

/** Decides every case of these tables under a bundle, one row each. */
export async function runCases(bundle: JsonObject, files: readonly string[]): Promise<Row[]> {
  const valid = validateBundle(bundle);
  const built = valid.ok ? await buildWritten(valid.value) : valid;
  if (!built.ok) throw fromFailure('The policy cannot be built.', built.failure);
  return files.flatMap((file) => {
    try {
      return explaining
        .runCases(built.value, readFileSync(file, 'utf8'))
        .map(({ name, passed, expected, got, sentence }) => ({
          case: files.length === 1 ? name : `${basename(file)} ${name}`,
          passed,
          expected,
          got,
          sentence,
        }));
    } catch (error) {
      throw usage(`${file} is no table of cases.`, faultOf(error), 'See policies/cases/platform.yaml for one.');
    }
  });
}

/** The first thing wrong with a table, with its place. */
function faultOf(error: unknown): string {
  const { issues } = error as {
    issues?: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
  };
  const [issue] = issues ?? [];
  return issue ? `/${issue.path.map(String).join('/')}: ${issue.message}` : (error as Error).message;
}
