import { readEventStream, type StreamItem } from './event-stream';

const TEXT =
  ': hello\n\nid: 7\nevent: step\ndata: {"a":1}\n\nid: 8\r\ndata: x\r\ndata: y\r\n\r\nretry: 5\n\ndata:ä\n\ndata: cut';

async function read(cuts: readonly Uint8Array[]): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const cut of cuts) controller.enqueue(cut);
      controller.close();
    },
  });
  for await (const item of readEventStream(body)) items.push(item);
  return items;
}

describe('an event stream', () => {
  const bytes = new TextEncoder().encode(TEXT);
  const whole: StreamItem[] = [
    'beat',
    { id: '7', event: 'step', data: '{"a":1}' },
    { id: '8', event: 'message', data: 'x\ny' },
    { id: '8', event: 'message', data: 'ä' },
  ];

  it('is read in one piece; what was not finished is not an event', async () => {
    expect(await read([bytes])).toEqual(whole);
  });

  it('is the same wherever it was cut', async () => {
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(await read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    }
  });
});
