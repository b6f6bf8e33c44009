import { usage } from '../cli-error';
import type { Command } from '../command';
import { asRow } from './rows';

const prove: Command = {
  name: 'prove',
  summary: 'Prove anew who you are, for what the policy wants a fresh proof of',
  description:
    'Sends the secret of your key once more, asked for here or read from standard input. A rule with the obligation step_up counts a yes only with a proof made shortly before it; `approvals approve` says when one is missing.',
  options: [{ flags: '--stdin', description: 'read the key from standard input' }],
  examples: ['prove --stdin', 'prove'],
  calls: ['POST /v1/identity/proofs'],
  async run(context, call) {
    const { io } = context;
    if (!call.flag('stdin') && !io.interactive) {
      throw usage('There is nobody to ask for the key.', 'This is no terminal.', 'Send it with --stdin.');
    }
    const key = (call.flag('stdin') ? await io.read() : await io.ask('Your API key: ')).trim();
    if (key === '') throw usage('No key was given.', 'It is empty.', 'Send the secret of a key of yours: writ_…');
    const row = asRow(await context.client().session.prove({ api_key: key }, { signal: context.signal }));
    return { output: { kind: 'one', row, id: String(row['principal']) } };
  },
};

export const PROVE_COMMANDS: readonly Command[] = [prove];
