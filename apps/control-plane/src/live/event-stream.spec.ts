import type { StreamEndReason } from '@writ/contract';
import type { AnyCall } from '../frame/state';
import { eventStream, type EventSource, wantsStream } from './event-stream';

interface Fake {
  readonly source: EventSource<number>;
  readonly closed: () => number;
}

/** A source that answers by a script; after it, it waits until it is closed. */
function scripted(answers: (readonly number[] | null | Error)[]): Fake {
  let closed = 0;
  let release: () => void = () => undefined;
  return {
    closed: () => closed,
    source: {
      async next() {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        if (answer !== undefined) return answer;
        await new Promise<void>((resolve) => (release = resolve));
        return [];
      },
      close() {
        closed += 1;
        release();
      },
    },
  };
}

function opened(fake: Fake, ended: Promise<StreamEndReason> = new Promise(() => undefined)) {
  let left = 0;
  const stream = { ended, close: () => void (left += 1) };
  const text = eventStream(fake.source, stream, (items) => items.map((n) => ({ id: n, event: 'number', data: { n } })));
  return { text, left: () => left };
}

async function all(text: AsyncIterable<string>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of text) pieces.push(piece);
  return pieces;
}

describe('an event stream', () => {
  it('says when to come back, then each event, a sign of life where nothing came, and why it ends', async () => {
    const fake = scripted([[1, 2], [], [3], null]);
    const { text, left } = opened(fake);
    expect(await all(text)).toEqual([
      'retry: 2000\n\n',
      'id: 1\nevent: number\ndata: {"n":1}\n\nid: 2\nevent: number\ndata: {"n":2}\n\n',
      ': still here\n\n',
      'id: 3\nevent: number\ndata: {"n":3}\n\n',
      'event: stream.end\ndata: {"reason":"finished"}\n\n',
    ]);
    expect([fake.closed(), left()]).toEqual([1, 1]);
  });

  it('ends when the server wants it to, while it waits for an event', async () => {
    const fake = scripted([[1]]);
    const { text, left } = opened(fake, new Promise((resolve) => setTimeout(() => resolve('key_revoked'), 10)));
    expect((await all(text)).at(-1)).toBe('event: stream.end\ndata: {"reason":"key_revoked"}\n\n');
    expect([fake.closed(), left()]).toEqual([1, 1]);
  });

  it('ends in good order when its source cannot be read', async () => {
    const fake = scripted([[1], new Error('gone')]);
    expect((await all(opened(fake).text)).at(-1)).toBe('event: stream.end\ndata: {"reason":"unavailable"}\n\n');
    expect(fake.closed()).toBe(1);
  });

  it('lets go at once of a reader who went away while nothing came', async () => {
    const fake = scripted([]);
    const { text, left } = opened(fake);
    const reading = text[Symbol.asyncIterator]();
    await reading.next();
    const waiting = reading.next();
    await reading.return!();
    expect([fake.closed(), left()]).toEqual([1, 1]);
    await waiting;
    expect(await reading.next()).toEqual({ done: true, value: undefined });
  });

  it('is for those who ask for one by name', () => {
    const asked = (accept: string | null): boolean => wantsStream({ accept } as AnyCall);
    for (const accept of [
      'text/event-stream',
      'text/event-stream, application/json;q=0.5',
      'application/json, Text/Event-Stream;q=0.9',
    ]) {
      expect([accept, asked(accept)]).toEqual([accept, true]);
    }
    for (const accept of [null, '', '*/*', 'text/*', 'application/json', 'text/event-streams'])
      expect([accept, asked(accept)]).toEqual([accept, false]);
  });
});
