import { StringDecoder } from 'node:string_decoder';

/** The part of a chunk that is text for people. */
interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: unknown } | null }[];
}

/**
 * The text of a chat-completions stream as its bytes arrive, wherever the network cut them. For watching only: what the
 * reply is, and whether it is one, is read from the whole.
 */
export class DeltaReader {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** The text that these bytes complete; empty when they complete none. */
  push(bytes: Buffer): string {
    const lines = (this.#rest + this.#decoder.write(bytes)).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    let text = '';
    for (const line of lines) if (line.startsWith('data:')) text += contentOf(line.slice(5).trim());
    return text;
  }
}

function contentOf(data: string): string {
  if (!data.startsWith('{')) return '';
  try {
    const content = (JSON.parse(data) as Chunk).choices?.[0]?.delta?.content;
    return typeof content === 'string' ? content : '';
  } catch {
    return '';
  }
}
