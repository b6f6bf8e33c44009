import type { Failure } from '@writ/kernel';
import type { RouteScore } from '@writ/routing';
import type { Ledger } from '../plan/ledger';

/** A model's call that never became a request: unknown tool, unparsable or invalid arguments. The model is told. */
export interface CallRejected {
  readonly type: 'call_rejected';
  readonly at: number;
  readonly path: string;
  readonly call: string;
  readonly code: string;
  readonly message: string;
}

/** Work given away has come back: the call that gave it is answered, with at most `chars` characters of the result. */
export interface WorkReturned {
  readonly type: 'work_returned';
  readonly at: number;
  readonly path: string;
  readonly call: string;
  /** Where the work was done: a branch of its own. */
  readonly branch: string;
  readonly chars: number;
  readonly outcome: 'ok' | 'failed';
  readonly failure?: Failure;
}

/** A plan was written, or written anew: a supervisor's, by a call of its model, or a planner's. */
export interface LedgerUpdated {
  readonly type: 'ledger_updated';
  readonly at: number;
  readonly path: string;
  readonly call: string | null;
  readonly ledger: Ledger;
}

/** What a classifier said of an input; a route of null means that it abstained. */
export interface RouteChoice {
  readonly router: string;
  /** Of the classifier: algorithm and examples, or the agent's digest. */
  readonly version: string;
  readonly scores: readonly RouteScore[];
  readonly threshold: number;
  readonly margin: number;
  readonly route: string | null;
  readonly because?: 'below_threshold' | 'within_margin' | 'named_none' | 'failed';
}

export interface RouteChosen {
  readonly type: 'route_chosen';
  readonly at: number;
  readonly path: string;
  /** Which classifier of the node this is, from 0: the next is asked when one abstains. */
  readonly tier: number;
  readonly choice: RouteChoice;
}

/** A final answer has the shape that was asked for: it is the node's output. */
export interface AnswerTaken {
  readonly type: 'answer_taken';
  readonly at: number;
  readonly path: string;
}

/** A final answer has not: the model is told why, and tries again. */
export interface AnswerReturned {
  readonly type: 'answer_returned';
  readonly at: number;
  readonly path: string;
  readonly code: string;
  readonly message: string;
}
