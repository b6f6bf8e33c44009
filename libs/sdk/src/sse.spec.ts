import fc from 'fast-check';
import { type ServerEvent, serverEvents } from './sse';

/** A body that arrives in pieces. */
const body = (pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });

async function read(pieces: readonly Uint8Array[]): Promise<(ServerEvent | null)[]> {
  const all: (ServerEvent | null)[] = [];
  for await (const event of serverEvents(body(pieces), new AbortController().signal)) all.push(event);
  return all;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('server-sent events', () => {
  it('are the same wherever the network cuts them, in the middle of a character too', async () => {
    const text = fc.string({ unit: 'grapheme' }).map((one) => one.replace(/[\r\n]/g, ' ').trimStart());
    const event = fc.record({
      id: fc.nat().map(String),
      event: fc.constantFrom('step_intended', 'stream.end'),
      data: text,
    });
    const ending = fc.constantFrom('\n', '\r\n');
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 6 }),
        ending,
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        async (events, end, sizes) => {
          const whole = bytes(
            events
              .map(({ id, event: name, data }) => [`id: ${id}`, `event: ${name}`, `data: ${data}`, '', ''].join(end))
              .join(''),
          );
          const pieces: Uint8Array[] = [];
          for (let at = 0; at < whole.length;) {
            const size = sizes.next().value as number;
            pieces.push(whole.slice(at, at + size));
            at += size;
          }
          expect(await read(pieces)).toEqual(events);
        },
      ),
      { seed: 20261122, numRuns: 300 },
    );
  });

  it('have comments as signs of life, several lines of data, and fields nobody knows', async () => {
    expect(await read([bytes(': still here\n\nretry: 2000\n\ndata: a\ndata:b\nid: 7\nwhat: ever\n\n')])).toEqual([
      null,
      { id: '7', event: 'message', data: 'a\nb' },
    ]);
  });

  it('that were cut off are none', async () => {
    expect(await read([bytes('id: 1\ndata: whole\n\nid: 2\ndata: cut')])).toEqual([
      { id: '1', event: 'message', data: 'whole' },
    ]);
  });

  it('end when nobody wants them any more, also while nothing comes', async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
    const ending = new AbortController();
    const events = serverEvents(endless, ending.signal);
    const next = events.next();
    ending.abort();
    expect((await next).done).toBe(true);
    expect(cancelled).toBe(true);
  });
});
