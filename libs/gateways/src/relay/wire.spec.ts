import type { ModelReply } from '../types';
import { asStream, completion, modelAsked, refusal } from './wire';

const reply: ModelReply = {
  content: null,
  toolCalls: [{ callId: 'c1', name: 'look', argumentsText: '{"n":1}' }],
  finish: 'tool_calls',
  model: 'm',
  usage: { inputTokens: 3, outputTokens: 4, cachedTokens: 1 },
};

describe('what a framework says to the relay, and hears', () => {
  it('is what it may say of a request, and neither the model nor the number of answers', () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const asked = modelAsked({ model: 'dear', n: 5, user: 'x', stream: true, messages, temperature: 0.5 });
    expect(asked).toEqual({ messages, temperature: 0.5 });
  });

  it.each([[null], ['text'], [[]], [{}], [{ messages: 'hi' }]])('is no request: %j', (body) => {
    expect(modelAsked(body)).toBeNull();
  });

  it('is the same reply whether or not it is streamed', () => {
    const whole = completion(reply, { id: 'i', created: 1 });
    expect(whole).toMatchObject({
      choices: [{ message: { tool_calls: [{ id: 'c1', function: { name: 'look' } }] }, finish_reason: 'tool_calls' }],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    });
    const chunks = asStream(whole).trim().split('\n\n');
    expect(chunks.at(-1)).toBe('data: [DONE]');
    const [first, last] = chunks.slice(0, -1).map((chunk) => JSON.parse(chunk.slice(6)) as unknown);
    expect(first).toMatchObject({
      choices: [{ delta: { tool_calls: [{ index: 0, id: 'c1' }] }, finish_reason: null }],
    });
    expect(last).toMatchObject({ choices: [{ delta: {}, finish_reason: 'tool_calls' }], usage: { total_tokens: 7 } });
  });

  it('is a code and a sentence where it is refused', () => {
    const failure = { code: 'policy_denied', class: 'policy', message: 'secret: rule 7 of ann' } as const;
    expect(refusal(failure, 'Error: denied: agent_not_granted')).toEqual({
      error: { message: 'Error: denied: agent_not_granted', type: 'policy', code: 'policy_denied', param: null },
    });
  });
});
