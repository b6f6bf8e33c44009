import { type Expression, parseExpression, partsOf } from './expression';
import { ImportRefusal } from './refusal';

/** How the lines that match become one answer, in Casbin's words. */
export type EffectRule = 'some_allow' | 'no_deny' | 'allow_and_no_deny' | 'first_match';

/** A column of a request, by what it means. */
export type Column = 'subject' | 'domain' | 'object' | 'action';

/** A Casbin model, read. */
export interface CasbinModel {
  /** Names of the request's columns. */
  readonly request: ReadonlyMap<string, Column>;
  /** Names of a policy line's columns, in order. */
  readonly policy: readonly string[];
  readonly effect: EffectRule;
  readonly matcher: Expression;
  /** `g`, `g2` → how many columns a link has. */
  readonly groups: ReadonlyMap<string, number>;
  /** Definitions nothing refers to: a second request, policy or matcher. */
  readonly unused: readonly string[];
}

const EFFECTS: { readonly [text: string]: EffectRule } = {
  'some(where(p.eft==allow))': 'some_allow',
  '!some(where(p.eft==deny))': 'no_deny',
  'some(where(p.eft==allow))&&!some(where(p.eft==deny))': 'allow_and_no_deny',
  'priority(p.eft)||deny': 'first_match',
};

const COLUMNS: { readonly [name: string]: Column } = {
  sub: 'subject',
  subject: 'subject',
  user: 'subject',
  dom: 'domain',
  domain: 'domain',
  tenant: 'domain',
  tenantid: 'domain',
  org: 'domain',
  obj: 'object',
  object: 'object',
  resource: 'object',
  res: 'object',
  path: 'object',
  act: 'action',
  action: 'action',
  method: 'action',
  permission: 'action',
};

/** Reads the text of a `model.conf`. Throws `ImportRefusal`. */
export function parseModel(text: string): CasbinModel {
  const entries = entriesOf(text);
  const needed = (section: string, key: string): string => {
    const value = entries.get(`${section}/${key}`);
    if (value === undefined) throw new ImportRefusal('casbin_model', `the model lacks ${key} of [${section}]`);
    return value;
  };
  const effectText = needed('policy_effect', 'e').replace(/\s+/g, '').replaceAll('p_eft', 'p.eft');
  const effect = Object.hasOwn(EFFECTS, effectText) ? EFFECTS[effectText] : undefined;
  if (effect === undefined) {
    throw new ImportRefusal('casbin_unsupported', `the effect ${needed('policy_effect', 'e')} has no counterpart`);
  }
  const matcher = parseExpression(needed('matchers', 'm'));
  const policy = wordsOf(needed('policy_definition', 'p'));
  const request = new Map(wordsOf(needed('request_definition', 'r')).map((name) => [name, columnOf(name)]));
  if (new Set(request.values()).size !== request.size) {
    throw new ImportRefusal('casbin_unsupported', 'two columns of the request mean the same');
  }
  checkNames(matcher, request, policy);
  const groups = new Map<string, number>();
  for (const [place, value] of entries) {
    const [section, key = ''] = place.split('/');
    if (section === 'role_definition') groups.set(key, wordsOf(value).length);
  }
  const used = ['request_definition/r', 'policy_definition/p', 'policy_effect/e', 'matchers/m'];
  const unused = [...entries.keys()].filter((at) => !used.includes(at) && !at.startsWith('role_definition/'));
  return { request, policy, effect, matcher, groups, unused };
}

const SECTIONS = ['request_definition', 'policy_definition', 'role_definition', 'policy_effect', 'matchers'];

/** `section/key` → value. Comments, continued lines and blanks are read as Casbin reads them. */
function entriesOf(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  let section = '';
  let pending = '';
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.replace(/[#;].*$/s, '').trim();
    if (line === '') continue;
    const heading = /^\[(.*)\]$/.exec(line);
    if (heading && pending === '') {
      section = heading[1]!;
      continue;
    }
    if (line.endsWith('\\')) {
      pending += `${line.slice(0, -1).trim()} `;
      continue;
    }
    const whole = pending + line;
    pending = '';
    const equals = whole.indexOf('=');
    if (equals === -1) throw new ImportRefusal('casbin_model', `line ${i + 1} of the model is no definition`);
    if (!SECTIONS.includes(section)) {
      throw new ImportRefusal('casbin_model', `line ${i + 1} of the model stands in [${section}], which is no section`);
    }
    entries.set(`${section}/${whole.slice(0, equals).trim()}`, whole.slice(equals + 1).trim());
  }
  return entries;
}

const wordsOf = (text: string): string[] => text.split(',').map((word) => word.trim());

function columnOf(name: string): Column {
  const known = name.toLowerCase();
  const column = Object.hasOwn(COLUMNS, known) ? COLUMNS[known] : undefined;
  if (column) return column;
  throw new ImportRefusal(
    'casbin_unsupported',
    `the request column ${name} is none of subject, domain, object and action`,
    'Name the columns sub, dom, obj and act.',
  );
}

function checkNames(matcher: Expression, request: ReadonlyMap<string, Column>, policy: readonly string[]): void {
  for (const part of partsOf(matcher)) {
    if (part.kind !== 'name') continue;
    const [root = '', name = ''] = part.path;
    const known = (root === 'r' && request.has(name)) || (root === 'p' && policy.includes(name));
    if (!known)
      throw new ImportRefusal('casbin_model', `the matcher reads ${part.path.join('.')}, which is not defined`);
  }
}
