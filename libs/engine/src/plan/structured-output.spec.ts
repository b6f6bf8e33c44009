import { readAnswer } from './structured-output';

const schema = { type: 'object', properties: { score: { type: 'number' } }, required: ['score'] };
const read = (text: string | null): unknown => {
  const answer = readAnswer(text, schema);
  return answer.ok ? answer.value : answer.failure.code;
};

test.each([
  ['{"score":0.5}', { score: 0.5 }],
  ['  {"score":1}\n', { score: 1 }],
  ['```json\n{"score":1}\n```', { score: 1 }],
  ['```\n{"score":1}\n```', { score: 1 }],
  ['Here it is: {"score":1}', 'answer_unparsable'],
  ['', 'answer_unparsable'],
  [null, 'answer_unparsable'],
  ['{"score":"1"}', 'answer_invalid'],
  ['{}', 'answer_invalid'],
  ['{"score":1,"x":"\\ud800"}', 'answer_unparsable'],
])('%j is read as %j', (text, expected) => {
  expect(read(text)).toEqual(expected);
});
