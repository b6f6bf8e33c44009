import { replyOf } from './result';

const text = (value: string) => ({ type: 'text', text: value });

describe('a result', () => {
  it('with images and links is shown as the blocks it came in', () => {
    const blocks = [text('see'), { type: 'resource_link', uri: 'file:///a' }];
    expect(replyOf({ content: blocks }, 1_000)).toMatchObject({ kind: 'ok', value: { content: blocks } });
  });

  it('whose structured content is null is null, not its text', () => {
    expect(replyOf({ content: [text('{}')], structuredContent: null }, 100)).toMatchObject({
      value: { content: null },
    });
  });

  it('is written as it is stored, and its bytes are counted so', () => {
    const result = { content: [text('{ "ü" : 1 }')] };
    expect(replyOf(result, 8)).toEqual({ kind: 'ok', value: { content: { ü: 1 }, text: '{"ü":1}' } });
    expect(replyOf(result, 7)).toMatchObject({ kind: 'failed', failure: { code: 'tool_result_too_large' } });
  });

  it('that is an error is quoted without NUL, lone surrogates or secrets, and never at length', () => {
    const said = `no\u0000 \ud800 Bearer abcdefghijkl ${'z'.repeat(5_000)}`;
    const outcome = replyOf({ content: [text(said)], isError: true }, 100);
    expect(outcome).toMatchObject({ kind: 'failed', landed: 'yes' });
    const message = outcome.kind === 'failed' ? outcome.failure.message : '';
    expect(message).toMatch(/^no {2}\ufffd Bearer \[redacted\] z+$/);
    expect(message).toHaveLength(2_000);
  });

  it('that is an error and says nothing still says something', () => {
    expect(replyOf({ isError: true }, 100)).toMatchObject({ failure: { message: expect.stringMatching(/\w/) } });
  });
});
