import type { IncomingMessage } from 'node:http';
import type { OpenPermit, Permit } from '@writ/policy';
import { Deadline } from '../deadline';
import { readBody } from '../http/body';
import { type Exchange, exchange } from '../http/exchange';
import { failed, refusedBy } from '../outcome';
import type { CallLimits, CallOutcome, ModelCall, ModelProvider, ModelReply } from '../types';
import { DeltaReader } from './deltas';
import { brokenFailure, statusFailure } from './failures';
import { readReply, readStream, type ReplyFault } from './reply';

export interface OpenAiOptions {
  readonly open: OpenPermit;
  /** Where keys are looked up by name, each time: a rotated key needs no restart. */
  readonly env: { readonly [name: string]: string | undefined };
}

/** Errors are short; more than this of one is not read. */
const MAX_ERROR_BYTES = 65_536;

/** Half a reply, nothing or garbage is no answer: the work may be done and billed, and what came of it is lost. */
const badReply = ({ code, reason }: ReplyFault) =>
  failed({
    code,
    class: 'transient',
    landed: 'maybe',
    message: `the model endpoint's answer cannot be used: ${reason}`,
  });

interface Prepared {
  readonly url: URL;
  readonly secret: string | null;
}

/**
 * The OpenAI chat-completions protocol, also as streamed. Sends the decided request byte for byte, in canonical JSON;
 * adds only headers. Safe to use for many calls at once; keeps no state but pooled connections.
 */
export class OpenAiProvider implements ModelProvider {
  constructor(private readonly options: OpenAiOptions) {}

  async complete(permit: Permit, call: ModelCall, limits: CallLimits): Promise<CallOutcome<ModelReply>> {
    const prepared = this.prepare(call);
    if ('kind' in prepared) return prepared;
    const deadline = new Deadline(limits);
    try {
      return await this.converse(permit, call, { ...prepared, deadline, ...limits });
    } finally {
      deadline.dispose();
    }
  }

  private prepare(call: ModelCall): Prepared | ReturnType<typeof failed> {
    const secret = call.apiKeyEnv === null ? null : (this.options.env[call.apiKeyEnv] ?? null);
    const url = URL.parse(`${call.baseUrl.replace(/\/+$/, '')}/chat/completions`);
    if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return { url, secret };
    return failed({
      code: 'model_endpoint_invalid',
      class: 'permanent',
      landed: 'no',
      message: 'the base URL of the model is not an http(s) URL, or holds credentials',
      next: 'set the environment variable that the model definition names in base_url_env',
    });
  }

  private async converse(
    permit: Permit,
    call: ModelCall,
    by: Prepared & Pick<CallLimits, 'maxBytes' | 'onText'> & { readonly deadline: Deadline },
  ): Promise<CallOutcome<ModelReply>> {
    let sent = '';
    const answer: Exchange = await exchange({
      url: by.url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: call.request['stream'] === true ? 'text/event-stream' : 'application/json',
        'user-agent': 'writ',
        ...(by.secret !== null && { authorization: `Bearer ${by.secret}` }),
      },
      signal: by.deadline.signal,
      fresh: false,
      write: () => {
        const opened = this.options.open(permit, { door: 'model', target: call.target, presented: call.request });
        if (!opened.ok) return opened;
        const { argsText, key, attempt } = opened.value;
        sent = argsText;
        return { ok: true, value: { body: argsText, headers: { 'idempotency-key': key, 'x-writ-attempt': attempt } } };
      },
    });
    if (answer.kind === 'refused') return refusedBy(answer.refusal);
    if (answer.kind === 'broken') return brokenFailure(by.deadline.cut, answer.written, answer.code);

    const good = answer.status === 200;
    const streamed = /^text\/event-stream\b/i.test(answer.message.headers['content-type'] ?? '');
    if (good && streamed && by.onText) tellText(answer.message, by.onText);
    const body = await readBody(answer.message, good ? by.maxBytes : MAX_ERROR_BYTES);
    if (by.deadline.cut !== null) return brokenFailure(by.deadline.cut, true, 'ECUT');
    if (!good) {
      const retryAfter = answer.message.headers['retry-after'];
      const text = body.kind === 'too_large' ? '' : body.text;
      return statusFailure({ status: answer.status, body: text, retryAfter, secret: by.secret });
    }
    if (body.kind === 'too_large') {
      return failed({
        code: 'model_reply_too_large',
        class: 'permanent',
        landed: 'yes',
        message: `the model's reply is larger than ${by.maxBytes} bytes`,
      });
    }
    if (body.kind === 'cut' && !streamed) return brokenFailure(null, true, body.code);
    const reply = streamed ? readStream(body.text, sent) : readReply(body.text, sent);
    return reply.ok ? { kind: 'ok', value: reply.value } : badReply(reply.failure);
  }
}

function tellText(message: IncomingMessage, onText: (text: string) => void): void {
  const reader = new DeltaReader();
  message.on('data', (bytes: Buffer) => {
    const text = reader.push(bytes);
    if (text !== '') onText(text);
  });
}

export function openAiProvider(options: OpenAiOptions): ModelProvider {
  return new OpenAiProvider(options);
}
