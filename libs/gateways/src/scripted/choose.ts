import type { Fault, PlayedRequest, Script, Turn } from './script';

/** In plain text: `script:refund-17`, anywhere in the first user message. */
const TOKEN = /(?:^|[\s"'(])script:([A-Za-z0-9_.:-]{1,128})/;
const DEFAULT = 'default';

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (part as { text?: unknown } | null)?.text ?? '').join('');
};

const firstHeard = (request: PlayedRequest): string =>
  textOf(request.messages.find(({ role }) => role === 'user')?.content);

function namedInMessage(request: PlayedRequest): string | null {
  const first = firstHeard(request);
  if (first.trimStart().startsWith('{')) {
    try {
      const id = (JSON.parse(first) as { script?: unknown }).script;
      if (typeof id === 'string') return id;
    } catch {
      // Not JSON after all: the token may still stand in it.
    }
  }
  return TOKEN.exec(first)?.[1] ?? null;
}

/**
 * Which script a request plays. By the request alone, so that any number of runs can be played at once and a run that
 * another worker resumes is played on: the `x-writ-script` header; `metadata.writ_script`; the first user message, as a
 * JSON object with a `script` or as text with `script:<id>`; the `user` field; else the script called `default`.
 */
export function scriptId(
  request: PlayedRequest,
  header: string | undefined,
  known: (id: string) => boolean,
): string | null {
  const named = header ?? request.metadata?.['writ_script'] ?? namedInMessage(request);
  if (named !== null && named !== undefined) return known(named) ? named : null;
  if (request.user !== undefined && known(request.user)) return request.user;
  return known(DEFAULT) ? DEFAULT : null;
}

export interface Choice {
  /** Assistant turns already in the request: the one to play next, from 0. */
  readonly index: number;
  readonly turn: Turn;
  readonly fault: Fault | null;
}

/**
 * The turn to play. Stateless: the place in the script is the number of assistant messages the request brings, and the
 * fault is chosen by the attempt the caller says this is, so a retry and a resumed run meet what they should.
 */
export function chooseTurn(script: Script, request: PlayedRequest, attempt: number): Choice {
  const index = request.messages.filter(({ role }) => role === 'assistant').length;
  const system = request.messages
    .filter(({ role }) => role === 'system' || role === 'developer')
    .map(({ content }) => textOf(content))
    .join('\n');
  const heard = firstHeard(request);
  const own = script.agents.find(
    ({ instructions, hears }) => system.includes(instructions) && (hears === undefined || heard.includes(hears)),
  );
  const turn = (own?.turns ?? script.turns)[index] ?? {
    text: script.final,
    calls: [],
    delay_ms: 0,
    piece_ms: 0,
    faults: [],
  };
  return { index, turn, fault: turn.faults[attempt - 1] ?? null };
}
