/** What these tests publish: one agent that answers, and a workflow that runs it. */
export const DOCUMENTS = [
  { kind: 'model', name: 'chat', model: 'scripted' },
  {
    kind: 'agent',
    name: 'clerk',
    owner: 'team:desk',
    purpose: 'Answers.',
    model: 'chat',
    instructions: 'Answer the question.',
  },
  {
    kind: 'workflow',
    name: 'desk',
    owner: 'team:desk',
    purpose: 'Answers questions.',
    input: {
      type: 'object',
      properties: { question: { type: 'string' } },
      required: ['question'],
      additionalProperties: false,
    },
    root: { type: 'agent', agent: 'clerk' },
  },
] as const;

export const START = { workflow: 'desk', input: { question: 'Where is my order?' } } as const;
