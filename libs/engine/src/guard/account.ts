import type { Json } from '@writ/kernel';
import { valueAt } from '@writ/registry';
import type { CheckOf, ContentChecked, ContentCut } from '../events/guard';
import { branchKey } from '../path';
import { parseAnswer } from '../plan/structured-output';
import type { RunState } from '../state';
import type { CallAnswer, GuardAccount } from './types';

/** What an agent hears in one conversation. What it says itself there does not enter it. */
export const inputScope = (path: string, agent: string): string => `in ${path} ${agent}`;
/** What leaves by the act at a path. */
export const outputScope = (path: string): string => `out ${path}`;

/** Of a request of a framework, led in a branch of its own: all requests of one call are one conversation. */
export const relayScope = (path: string, agent: string): string => inputScope(branchKey(path).node, agent);

const accountOf = (state: RunState): GuardAccount =>
  (state.guards ??= { seen: new Map(), cuts: new Map(), found: new Map(), answers: new Map() });

function letPass(seen: GuardAccount['seen'], { scope, version, content }: Passed): void {
  const here = seen.get(scope) ?? new Map<string, Set<string>>();
  seen.set(scope, here);
  const names = here.get(version) ?? new Set<string>();
  here.set(version, names);
  for (const name of content) names.add(name);
}

interface Passed {
  readonly scope: string;
  readonly version: string;
  readonly content: readonly string[];
}

/** Whether a guardrail has let content pass here, or something of it stands against it already. */
export function isKnown(
  state: RunState,
  { path, scope, version, name }: Omit<Passed, 'content'> & { readonly path: string; readonly name: string },
): boolean {
  const { guards } = state;
  if (guards === undefined) return false;
  if (guards.seen.get(scope)?.get(version)?.has(name) === true) return true;
  return (guards.found.get(path) ?? []).some(
    ({ check, content }) => check.version === version && content.includes(name),
  );
}

/** Content was looked at: what passed has passed, what was found stands until the act is over. */
export function lookedAt(state: RunState, event: ContentChecked): void {
  const account = accountOf(state);
  const { path, scope, content, checks, cuts } = event;
  for (const check of checks) {
    const passed = check.outcome === 'passed' || check.outcome === 'redacted';
    if (passed) letPass(account.seen, { scope, version: check.version, content });
    else account.found.set(path, [...(account.found.get(path) ?? []), { check, scope, content }]);
    for (const key of account.answers.keys())
      if (key.startsWith(answerPrefix(path, check.version))) account.answers.delete(key);
  }
  if (!cuts) return;
  const here = account.cuts.get(scope) ?? new Map<string, readonly ContentCut[]>();
  account.cuts.set(scope, here);
  for (const [name, made] of Object.entries(cuts)) here.set(name, [...(here.get(name) ?? []), ...made]);
}

const answerPrefix = (path: string, version: string): string => `${path} ${version} `;
/** Where the answer to a call-out about content is kept: `names` stands for the content. */
export const answerKey = (path: string, version: string, names: string): string =>
  `${answerPrefix(path, version)}${names}`;

/** The act at a path is over: what was found and went through all the same, by a person's word, has passed. */
export function actOver(state: RunState, { path, done }: { readonly path: string; readonly done: boolean }): void {
  const { guards } = state;
  if (guards === undefined) return;
  for (const { check, scope, content } of done ? (guards.found.get(path) ?? []) : []) {
    letPass(guards.seen, { scope, version: check.version, content });
  }
  guards.found.delete(path);
  // What leaves is looked at each time that it does.
  guards.seen.delete(outputScope(path));
  guards.cuts.delete(outputScope(path));
}

/** A tool or a model that was asked about content has answered, or has not. */
export function answered(state: RunState, { key }: CheckOf, answer: CallAnswer): void {
  accountOf(state).answers.set(key, answer);
}

/** What an answer says. Anything but a plain truth at its place is no answer: a check that failed. */
export function verdictIn({ verdict }: CheckOf, answer: Json): CallAnswer {
  // A model's reply holds its words; a tool's answer is what it says.
  const reply = answer as { readonly toolCalls?: Json; readonly content?: Json } | null;
  const said = reply?.toolCalls === undefined ? answer : (reply.content ?? null);
  const value = typeof said === 'string' ? parseAnswer(said) : said;
  const flagged = value === undefined ? undefined : verdict === '' ? value : valueAt(value, verdict);
  return typeof flagged === 'boolean' ? { flagged } : { failed: 'no_verdict' };
}

/** What an agent said itself: it does not enter it by being heard again. */
export function ownWords(
  state: RunState,
  { path, agent, index }: { path: string; agent: string; index: number },
): void {
  const { guards } = state;
  if (guards === undefined) return;
  letPass(guards.seen, { scope: inputScope(path, agent), version: OWN, content: [messageName(index)] });
}

const OWN = 'own';
export const isOwn = ({ guards }: RunState, scope: string, name: string): boolean =>
  guards?.seen.get(scope)?.get(OWN)?.has(name) === true;

/** A message of a conversation, by its place there. */
export const messageName = (index: number): string => `m${index}`;
