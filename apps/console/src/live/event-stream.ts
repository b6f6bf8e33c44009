/** One event of a `text/event-stream` (HTML standard §9.2), or the beat of a comment that only says "still here". */
export type StreamItem = { readonly id: string | null; readonly event: string; readonly data: string } | 'beat';

/** Splits a body into events as its bytes arrive, wherever the network cut them. Ends when the body ends. */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamItem, void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const open = { id: null as string | null, event: 'message', data: [] as string[] };
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const item = take(line, open);
        if (item) yield item;
      }
    }
  } finally {
    // Whoever stops listening also hangs up.
    await reader.cancel().catch(() => undefined);
  }
}

interface Open {
  id: string | null;
  event: string;
  data: string[];
}

function take(line: string, open: Open): StreamItem | null {
  if (line === '') {
    const item = { id: open.id, event: open.event, data: open.data.join('\n') };
    const said = open.data.length > 0;
    open.event = 'message';
    open.data = [];
    return said ? item : null;
  }
  if (line.startsWith(':')) return 'beat';
  const colon = line.indexOf(':');
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (field === 'data') open.data.push(value);
  else if (field === 'event') open.event = value;
  else if (field === 'id' && !value.includes('\u0000')) open.id = value;
  return null;
}
