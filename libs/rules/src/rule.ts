export type Effect = 'allow' | 'deny';
export type HandoffMode = 'attenuate' | 'service';

interface Common {
  /** Stable over reordering: derived from the rule's content unless the author gave one. */
  readonly rid: string;
  /** Id of a condition, or null for a rule that always applies. */
  readonly condition: string | null;
  readonly effect: Effect;
  readonly obligations: readonly string[];
}

/** Section `p`: who may do what to which object. */
export interface ActionRule extends Common {
  readonly section: 'p';
  readonly subject: string;
  readonly object: string;
  readonly action: string;
}

/** Section `p2`: which agent may hand over to which, why, and with whose rights the receiver then acts. */
export interface HandoffRule extends Common {
  readonly section: 'p2';
  readonly source: string;
  readonly target: string;
  readonly purpose: string;
  readonly mode: HandoffMode;
}

export type Rule = ActionRule | HandoffRule;

/** `g` or `g2`: a subject in a role, an object in a class. */
export interface Link {
  readonly member: string;
  readonly group: string;
}
