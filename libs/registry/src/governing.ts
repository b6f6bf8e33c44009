import { changeRisks, supposedRisk } from './asked-risk';
import { inventory } from './inventory';
import { answerable } from './risk';

/** Who answers for what runs, how risky it is, and what that makes of acts with it. */
export const governing = { answerable, inventory, changeRisks, supposedRisk } as const;
