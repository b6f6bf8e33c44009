import { Mark } from '../ui/Mark';
import styles from './Budgets.module.css';
import type { Budget } from './useBudgets';
import { amountText, sharesOf, stateOf } from './words';

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

type Standing = Pick<Budget, 'dimension' | 'limit' | 'spent' | 'reserved' | 'warn_at'>;

/** Spent, reserved and what is left, as a bar and in words. */
export function BudgetBar({ budget }: { readonly budget: Standing }) {
  const { spent, reserved } = sharesOf(budget);
  const sign = stateOf(budget);
  const text = (amount: number): string => amountText(budget.dimension, amount);
  return (
    <div>
      <div className={styles['bar']} data-tone={sign.tone} aria-hidden="true">
        <span className={styles['spent']} style={{ width: percent(spent) }} />
        <span className={styles['reserved']} style={{ width: percent(reserved) }} />
      </div>
      <span className={styles['legend']}>
        {text(budget.spent)} spent · {text(budget.reserved)} reserved · <Mark sign={sign} quiet />
      </span>
    </div>
  );
}
