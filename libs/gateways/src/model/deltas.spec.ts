import fc from 'fast-check';
import { DeltaReader } from './deltas';

const chunk = (content: string | null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

describe('the text of a stream as it arrives', () => {
  it('is the same wherever the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (texts, cuts) => {
          const bytes = Buffer.from([chunk(null), ...texts.map(chunk), 'data: [DONE]\n\n'].join(''));
          const reader = new DeltaReader();
          let heard = '';
          for (let at = 0; at < bytes.length;) {
            const size = cuts.next().value as number;
            heard += reader.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(heard).toBe(texts.join(''));
        },
      ),
    );
  });

  it('holds no arguments of tools, no comments and nothing that is no chunk', () => {
    const reader = new DeltaReader();
    const call = JSON.stringify({
      choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] } }],
    });
    expect(reader.push(Buffer.from(`: beat\n\ndata: ${call}\n\ndata: {half\n\ndata: 7\n\n${chunk('yes')}`))).toBe(
      'yes',
    );
  });
});
