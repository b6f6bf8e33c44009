export interface Requirement {
  /** Cited by test titles as `[I5] …`. */
  readonly id: string;
  readonly sentence: string;
}

/** What the product promises. The gate in test/architecture fails on a promise that no test cites. */
export const REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'I1',
    sentence:
      'No permit, no effect. Every outward call takes a permit; only the permit office makes one, from a decision and the proof that it was committed.',
  },
  {
    id: 'I2',
    sentence:
      'Record before you act. Decision and intent are committed before the effect starts; if the record cannot be written, the effect does not happen.',
  },
  {
    id: 'I3',
    sentence:
      'The commit is the fence. A unit commits only while the lease epoch of its run and the authority epoch it was decided under are current.',
  },
  {
    id: 'I4',
    sentence: 'Completed steps never run again. Their recorded outcome is returned, also for model calls.',
  },
  {
    id: 'I5',
    sentence:
      'A lost outcome is its own state. An idempotent effect is retried with the same key, a model call is retried and charged; anything else waits for a person.',
  },
  {
    id: 'I6',
    sentence:
      'Authority never grows. Rights after a handoff or delegation are the intersection over the whole chain, checked at each use.',
  },
  {
    id: 'I7',
    sentence:
      'Forbid wins, silence denies, errors never help. An erring allow rule does not match, an erring deny rule matches, an unknown obligation denies.',
  },
  {
    id: 'I8',
    sentence:
      'Postgres is the truth; a queue job is a doorbell. Lose the queue at any moment: the sweeper finds every run.',
  },
  {
    id: 'I9',
    sentence:
      'Every audit event is in the tree. Any altered, missing, reordered or truncated event up to the newest checkpoint is named by the verifier; the unsealed tail is reported as such.',
  },
  {
    id: 'I10',
    sentence: 'Evidence can be erased without breaking proof. Leaves hold commitments and opaque principal ids.',
  },
  {
    id: 'I11',
    sentence:
      'Tenants never meet. Row-level security holds under the roles the services use, which own nothing and bypass nothing.',
  },
  {
    id: 'I12',
    sentence:
      'One winner. Of concurrent claims, or starts with the same idempotency key, one takes effect and the others get its answer.',
  },
  {
    id: 'I13',
    sentence: 'Budgets are reserved before and settled after. Parallel branches cannot jointly overspend.',
  },
  {
    id: 'I14',
    sentence:
      'Audit may not be lost; telemetry may. Stop the collector: nothing slows down. Stop the audit store: effects stop.',
  },
];
