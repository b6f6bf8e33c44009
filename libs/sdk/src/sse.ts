/** One server-sent event. */
export interface ServerEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events (WHATWG HTML §9.2.6) from a body, as they arrive; comments come as null, so that a reader knows
 * the other side is alive. Ends when the body does, or the signal is aborted. An event that the connection's end cut off is dropped: only a blank line makes one whole.
 */
export async function* serverEvents(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent | null> {
  const reader = body.getReader();
  // Ends a reading that is waiting.
  signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true });
  const decoder = new TextDecoder();
  let rest = '';
  let open: { id: string | null; event: string; data: string[] } = { id: null, event: 'message', data: [] };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith(':')) {
          yield null;
        } else if (line === '') {
          if (open.data.length > 0) yield { id: open.id, event: open.event, data: open.data.join('\n') };
          open = { id: null, event: 'message', data: [] };
        } else {
          const colon = line.indexOf(':');
          const [name, text] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
          if (name === 'id') open.id = text;
          if (name === 'event') open.event = text;
          if (name === 'data') open.data.push(text);
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
