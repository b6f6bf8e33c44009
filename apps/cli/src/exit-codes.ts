/** The exit codes of every command, and nothing else: scripts branch on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  different: 2,
  usage: 3,
  not_logged_in: 4,
  refused: 5,
  waiting: 6,
  conflict: 7,
  integrity: 8,
  timeout: 9,
  interrupted: 130,
} as const;

export type ExitName = keyof typeof EXIT;

export const EXIT_MEANINGS: { readonly [N in ExitName]: string } = {
  ok: 'It worked.',
  failed: 'It failed; also: the run that was waited for failed.',
  different: 'Differences were found (commands that compare, when asked to tell by exit code).',
  usage: 'The command, an option or what was sent is not valid.',
  not_logged_in: 'No key, or one that is unknown, expired or revoked.',
  refused: 'Refused by policy, by the scope of the key, by a stop or by a budget.',
  waiting: 'A person has to approve first.',
  conflict: 'Somebody changed it in between, or its state does not allow it.',
  integrity: 'An integrity check found tampered or missing evidence.',
  timeout: 'No answer in time, or too much is under way: the same may succeed later.',
  interrupted: 'Interrupted with Ctrl-C.',
};
