import { namesCoverAction, namesCoverHandoff } from '@writ/rules';
import type { Matcher } from '../casbin';

/** The model's matchers as functions of ours: names first, the condition last, as Casbin evaluates them. */
export const directMatcher: Matcher = (question) => {
  const { rule } = question;
  const named = rule.section === 'p' ? namesCoverAction(question, rule) : namesCoverHandoff(question, rule);
  return named && question.holds(rule.condition ?? '');
};
