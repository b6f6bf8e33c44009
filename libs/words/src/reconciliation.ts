/** What somebody found who looked after a call whose outcome was lost. `abandon`: the step counts as failed, whatever it did. */
export const RECONCILIATIONS = ['happened', 'did_not_happen', 'abandon'] as const;
export type Reconciliation = (typeof RECONCILIATIONS)[number];
