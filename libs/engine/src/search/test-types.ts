import type { NameTest, NumberBounds } from '@writ/database';
import type { Verdict } from '@writ/words';

/** One thing a run can be asked for. */
export type RunTest =
  | { readonly field: 'status' | 'workflow' | 'initiator' | 'id' | 'trace'; readonly name: NameTest }
  | { readonly field: 'agent' | 'tool' | 'model' | 'reason'; readonly name: NameTest }
  | { readonly field: 'is'; readonly word: 'live' | 'final' | 'waiting' | 'problem' }
  | { readonly field: 'has'; readonly word: 'denial' | 'approval' | 'handoff' | 'retry' | 'unknown' | 'takeover' }
  | { readonly field: 'decision'; readonly word: Verdict }
  | { readonly field: 'started' | 'finished' | 'duration' | 'events'; readonly bounds: NumberBounds }
  | { readonly field: 'tokens' | 'model_calls' | 'tool_calls'; readonly bounds: NumberBounds }
  /** Anywhere in what the run is called, took, said or did; letters A to Z in either case. */
  | { readonly field: 'text'; readonly contains: string };

/** Those that only the journal can answer. */
export type JournalTest = Extract<
  RunTest,
  {
    field:
      'agent' | 'tool' | 'model' | 'reason' | 'has' | 'decision' | 'tokens' | 'model_calls' | 'tool_calls' | 'text';
  }
>;
