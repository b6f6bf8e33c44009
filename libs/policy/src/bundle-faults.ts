import { type Failure, type JsonObject, refuse, type Result } from '@writ/kernel';
import { type AttributeSpec, compileCondition, compileOutside, type Sliced } from '@writ/rules';
import type { PolicyBundle } from './bundle';
import { faultsAsOne, type Fault, LISTED } from './faults';
import { namedObligations } from './named-obligations';
import { FILE_MARK, parseRules, placeText } from './rule-text';
import { inSlices } from './slices';
import { buildSnapshot, type Snapshot } from './snapshot';

/**
 * All that can be told at once of a bundle that cannot be built: of its conditions, its obligations and the lines of its rules,
 * each by itself, up to twenty. `first` is what building it came upon; it stands first, and alone where nothing else is found.
 */
const allFaults = (bundle: PolicyBundle, first: Failure): Promise<Failure> => inSlices(together(bundle, first));

/** Builds what somebody wrote. Fails like `buildSnapshot`, with all that can be told at once. */
export async function buildWritten(bundle: PolicyBundle): Promise<Result<Snapshot>> {
  const built = await buildSnapshot(bundle);
  if (built.ok || built.failure.code === 'bundle_too_large') return built;
  return refuse(await allFaults(bundle, built.failure));
}

function* together(bundle: PolicyBundle, first: Failure): Sliced<Failure> {
  const found: Fault[] = [];
  for (const [id, expression] of Object.entries(bundle.conditions)) {
    const compile = bundle.vocabulary === undefined ? compileCondition : compileOutside;
    note(found, `/conditions/${id}`, compile(id, expression, attributesOf(bundle)));
    yield;
  }
  for (const [id, one] of Object.entries(bundle.obligations)) {
    note(found, `/obligations/${id}`, namedObligations({ [id]: one }, { flow: bundle.flow !== undefined }));
  }
  yield* faultyLines(bundle, found);
  const others = found.filter(({ reason }) => reason !== first.message);
  const own = found.find(({ reason }) => reason === first.message)?.pointer ?? '';
  if (others.length === 0) return first;
  return { ...first, ...faultsAsOne([{ pointer: own, reason: first.message }, ...others]) };
}

function note(found: Fault[], pointer: string, made: Result<unknown>): void {
  if (!made.ok && found.length < LISTED) found.push({ pointer, reason: made.failure.message });
}

const attributesOf = (bundle: PolicyBundle): ReadonlyMap<string, AttributeSpec> =>
  new Map(
    Object.entries(bundle.attributes).map(([name, { type, max_age_ms: maxAgeMs }]) => [name, { type, maxAgeMs }]),
  );

/** What `parseRules` says of a text of one line. */
const ALONE = 'line 1: ';

/** Each line as if it stood alone: what only shows beside others, such as an id given twice, is found one at a time. */
function* faultyLines(bundle: PolicyBundle, found: Fault[]): Sliced<void> {
  let [file, number] = ['', 0];
  for (const raw of bundle.rules.split('\n')) {
    const line = raw.trim();
    number += 1;
    if (line.startsWith(FILE_MARK)) [file, number] = [line.slice(FILE_MARK.length).trim(), 0];
    if (line === '' || line.startsWith('#')) continue;
    if (found.length >= LISTED) return;
    const place = placeText({ file, line: number });
    const add = (reason: string): void => void found.push({ pointer: '/rules', reason: `${place}: ${reason}` });
    const read = yield* parseRules(line, bundle.vocabulary);
    yield;
    if (!read.ok) {
      // A line of roles or classes makes no rule: alone it is no policy, and no fault.
      if (read.failure.code !== 'empty_bundle') add(read.failure.message.replace(ALONE, ''));
      continue;
    }
    const { condition, obligations } = read.value.rules[0]!.rule;
    if (condition !== null && !Object.hasOwn(bundle.conditions, condition)) {
      add(`the bundle defines no condition ${condition}.`);
    }
    for (const id of obligations) {
      if (!Object.hasOwn(bundle.obligations as JsonObject, id)) add(`the bundle defines no obligation ${id}.`);
    }
  }
}
