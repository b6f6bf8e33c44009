import { type Failure, ok, PRINCIPAL_KINDS, refuse, type Result } from '@writ/kernel';
import { type Link, RefusedLine, type Rule, RuleReader, type Sliced, type Vocabulary } from '@writ/rules';
import { policyFailure } from './bundle';
import type { IdPlace } from './id-place';
import { RulesById } from './rules-by-id';
import { ACTIONS, OBJECT_TYPES } from './types';
import type { VocabularyWords } from './outside/vocabulary';

/** What a rule file says, line by line, before it is known whether the conditions and obligations it names exist. */
export interface RuleText {
  readonly rules: readonly LocatedRule[];
  /** `g`: subject → role. */
  readonly roles: readonly Link[];
  /** `g2`: object → class. */
  readonly classes: readonly Link[];
  /** The links of both, likewise as one line each; one that is written twice may stand there twice. */
  readonly links: { readonly g: readonly string[]; readonly g2: readonly string[] };
}

/** A rule, and where it stands. */
export class LocatedRule {
  /** Where its id stands in the canonical text; 0 until there is one. */
  idAt: IdPlace = 0;

  constructor(
    readonly rule: Rule,
    /** The rule as one line that depends on what it says only, without its id. */
    readonly text: string,
    private readonly file: string,
    private readonly number: number,
  ) {}

  get place(): Place {
    return { file: this.file, line: this.number };
  }
}

export interface Place {
  /** Empty where the text came without files. */
  readonly file: string;
  readonly line: number;
}

/** `platform.csv:12`, or `line 12`. */
export const placeText = ({ file, line }: Place): string => (file === '' ? `line ${line}` : `${file}:${line}`);

/** Begins a file inside a merged text: line numbers count from here, under this name. */
export const FILE_MARK = '#@ ';

const PRODUCT: Vocabulary = { actions: ACTIONS, objectTypes: OBJECT_TYPES, subjectTypes: PRINCIPAL_KINDS };

const withWords = ({ actions, types }: VocabularyWords): Vocabulary => ({
  actions: [...ACTIONS, ...actions],
  objectTypes: [...OBJECT_TYPES, ...types],
  subjectTypes: [...new Set([...PRINCIPAL_KINDS, ...types])],
});

/** Lines read between two places where the work may pause. */
const STRIDE = 32;

/**
 * Reads the CSV. Fails with the place and one of `malformed_rule`, `unknown_section`, `bad_name`, `foreign_tenant`,
 * `unknown_subject`, `unknown_action`, `unknown_object_type`, `unknown_effect`, `unknown_mode`, `duplicate_rid`, `empty_bundle`.
 */
export function* parseRules(text: string, vocabulary?: VocabularyWords): Sliced<Result<RuleText>> {
  const reader = new RuleReader(vocabulary === undefined ? PRODUCT : withWords(vocabulary), text.length);
  const rules = new RulesById<LocatedRule>();
  const links = { g: [] as Link[], g2: [] as Link[] };
  const lines = { g: [] as string[], g2: [] as string[] };
  let file = '';
  let line = 0;
  for (let start = 0, end = 0; start <= text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    // Most lines are read where they lie.
    const content = isBare(text, start, end) ? null : text.slice(start, end).trim();
    line += 1;
    if (line % STRIDE === 0) yield;
    if (content?.startsWith(FILE_MARK) === true) {
      file = content.slice(FILE_MARK.length).trim();
      line = 0;
    }
    if (content !== null && (content === '' || content.startsWith('#'))) continue;
    try {
      const read = content === null ? reader.readAt(text, start, end) : reader.read(content);
      if (read.section === 'p' || read.section === 'p2') {
        addRule(new LocatedRule(read.rule, read.text, file, line), rules);
      } else {
        links[read.section].push(read.link);
        lines[read.section].push(read.line);
      }
    } catch (error) {
      if (error instanceof RefusedLine) return refuse(located(error, { file, line }));
      throw error;
    }
  }
  if (rules.all.length === 0) return refuse(EMPTY);
  return ok({
    rules: rules.all,
    roles: links.g,
    classes: links.g2,
    links: lines,
  });
}

/** Whether a line is neither empty nor a remark, and has no white space around it. */
function isBare(text: string, start: number, end: number): boolean {
  if (start === end) return false;
  const [first, last] = [text.charCodeAt(start), text.charCodeAt(end - 1)];
  return first > 0x23 && first < 0x7f && last > 0x20 && last < 0x7f;
}

// An empty policy is far more often a failed export than a wish; to stop everything, set a stop.
const EMPTY: Failure = policyFailure('empty_bundle', 'The bundle has no rule, so it would deny everything.');

const located = (error: RefusedLine, at: Place): Failure => {
  const place = placeText(at);
  return { code: error.code, class: 'permanent', message: `${place}: ${error.message}.`, details: { place } };
};

/** A rule written twice is one rule; two rules under one id would make evidence ambiguous. */
function addRule(found: LocatedRule, rules: RulesById<LocatedRule>): void {
  const held = rules.add(found);
  if (held === null || held.text === found.text) return;
  const { rid } = found.rule;
  throw new RefusedLine('duplicate_rid', `the id ${rid} already names the rule of ${placeText(held.place)}`);
}
