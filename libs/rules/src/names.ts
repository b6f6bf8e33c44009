/**
 * Names as rules write them: `user:…`, `role:…`, `agent:…`, `tool:…`, `class:…`. A name is compared byte for byte and is
 * never parsed again, so what it may hold is settled here, once, when a bundle is read.
 */
export const MAX_NAME_LENGTH = 200;

// Separators of the rule file, quotes and the tenant placeholder's braces; all white space and everything that prints
// as nothing: two names that look alike must be alike.
const FORBIDDEN = /[\p{C}\p{Z}\s,|"'`{}\\]/u;
/** Printable ASCII that is none of these: nearly every name, and a fifth of the price. */
const PLAIN = /^[!#-&(-+\--[\]-_a-z~]+$/;

/** Why `name` cannot stand in a rule, or null. A `*` is only ever the last character, and only where `pattern` says. */
export function nameProblem(name: string, pattern: boolean): string | null {
  if (name === '') return 'is empty';
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  const bad = PLAIN.test(name) ? null : FORBIDDEN.exec(name);
  if (bad) return `holds ${printable(bad[0])}, which no name may hold`;
  const star = name.indexOf('*');
  if (star === -1) return null;
  if (!pattern) return 'holds *, and no pattern is allowed here';
  return star === name.length - 1 ? null : 'holds * before its end; a pattern is a prefix followed by one *';
}

const printable = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return code > 0x20 && code < 0x7f ? character : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
};

/** A prefix pattern as Casbin's `keyMatch` reads it: `order_*` covers all that starts with `order_`, `*` covers all. */
export const isPattern = (name: string): boolean => name.charCodeAt(name.length - 1) === 0x2a;

export const covers = (pattern: string, name: string): boolean =>
  isPattern(pattern) ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

/** `role:` before a bare role name. An asserted role can therefore never pass for a user, an agent or a class. */
export const roleName = (role: string): string => (role.startsWith('role:') ? role : `role:${role}`);

/** `agent:` before the name of an agent's definition. */
export const agentName = (agent: string): string => (agent.startsWith('agent:') ? agent : `agent:${agent}`);
