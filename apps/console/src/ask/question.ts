/** What the bar was asked, ready to be put to the server. */
export type Question =
  | ({ readonly kind: 'who' } & Act)
  | ({ readonly kind: 'can'; readonly initiator: string; readonly roles?: string[]; readonly chain: string[] } & Act)
  | { readonly kind: 'what'; readonly subject: string }
  | { readonly kind: 'reach'; readonly tool?: string; readonly from?: string; readonly initiator?: string };

interface Thing {
  readonly type: string;
  readonly id: string;
}

interface Act {
  readonly action: string;
  readonly object: Thing;
  readonly resource?: Thing;
  readonly attributes?: { readonly [name: string]: string };
}

/** What can be asked, each as a question that works. */
export const EXAMPLES = [
  'who can tool.invoke tool:refund',
  'can user:ann as customer through orders tool.invoke tool:refund',
  'what can agent:orders',
  'what can role:customer',
  'who reaches tool:refund',
] as const;

const SOMEBODY = /^(user|service|agent):[^\s,]+$/;
const HOLDER = /^(user|service|agent|role):[^\s,]+$/;

function thing(text: string | undefined): Thing | null {
  const colon = text?.indexOf(':') ?? -1;
  return text !== undefined && colon > 0 && colon < text.length - 1
    ? { type: text.slice(0, colon), id: text.slice(colon + 1) }
    : null;
}

/** `<action> <kind:name> [on <kind:name>] [where <name=value> …]`; a text says what is missing. */
function actOf(words: readonly string[]): Act | string {
  const [action, named, ...rest] = words;
  const object = thing(named);
  if (action === undefined || !/^[a-z_]+(\.[a-z_]+)?$/.test(action)) return 'Name an action, such as tool.invoke.';
  if (object === null) return 'Name a thing by kind and name, such as tool:refund.';
  const act: { -readonly [K in keyof Act]: Act[K] } = { action, object };
  const attributes: { [name: string]: string } = {};
  let isWhere = false;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    const equals = word.indexOf('=');
    if (word === 'on') {
      const resource = thing(rest[++i]);
      if (resource === null) return 'After “on” comes what it touches, such as order:#W1.';
      act.resource = resource;
    } else if (word === 'where') isWhere = true;
    else if (isWhere && equals > 0) attributes[word.slice(0, equals)] = word.slice(equals + 1);
    else return `“${word}” says nothing here.`;
  }
  return isWhere ? { ...act, attributes } : act;
}

/** `tool:<name>` or `tool:*`, `[from <agent>] [for <who>]`. */
function reachOf(words: readonly string[]): Question | string {
  const [named, ...rest] = words;
  const tool = thing(named);
  if (tool?.type !== 'tool') return 'Name a tool, such as tool:refund, or tool:* for all.';
  const asked: { kind: 'reach'; tool?: string; from?: string; initiator?: string } = { kind: 'reach' };
  if (tool.id !== '*') asked.tool = tool.id;
  for (let i = 0; i < rest.length; i += 2) {
    const value = rest[i + 1];
    if (rest[i] === 'from' && value !== undefined) asked.from = value.replace(/^agent:/, '');
    else if (rest[i] === 'for' && value !== undefined) asked.initiator = value;
    else return `“${rest[i]}” says nothing here.`;
  }
  return asked;
}

/** Reads a question; a text says what is wrong with it. */
export function readQuestion(text: string): Question | string {
  const words = text.trim().replace(/\?+$/, '').split(/\s+/);
  const [first, second, ...rest] = words;
  if (first === 'who' && second === 'can') {
    const act = actOf(rest);
    return typeof act === 'string' ? act : { kind: 'who', ...act };
  }
  if (first === 'who' && second === 'reaches') return reachOf(rest);
  if (first === 'what' && second === 'can') {
    const [subject = ''] = rest;
    return HOLDER.test(subject)
      ? { kind: 'what', subject }
      : 'Name somebody, or a role: user:…, service:…, agent:… or role:….';
  }
  if (first !== 'can') return 'A question begins with “who can”, “what can”, “can” or “who reaches”.';
  if (!SOMEBODY.test(second ?? '')) return 'Name somebody: user:…, service:… or agent:….';
  const left = [...rest];
  const listAfter = (word: string): string[] | null => {
    if (left[0] !== word) return null;
    const [, list = ''] = left.splice(0, 2);
    return list.split(',').filter((one) => one !== '');
  };
  const roles = listAfter('as');
  if (roles?.length === 0) return 'After “as” come the roles of a credential, such as customer.';
  const chain = listAfter('through');
  if (chain?.length === 0) return 'After “through” come the agents, first to current, such as triage,orders.';
  const act = actOf(left);
  if (typeof act === 'string') return act;
  return { kind: 'can', initiator: second!, ...(roles && { roles }), chain: chain ?? [], ...act };
}
