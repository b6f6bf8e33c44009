import { count } from '../time/format';
import { Mark } from '../ui/Mark';
import styles from './Batches.module.css';
import { type Batch, ITEM, sharesOf } from './states';

/** A batch as a bar, and the same in words. */
export function Progress({ batch }: { readonly batch: Pick<Batch, 'counts' | 'total'> }) {
  const shares = sharesOf(batch);
  return (
    <div className={styles['progress']}>
      <div className={styles['bar']} aria-hidden="true">
        {shares.map(({ state, share }) => (
          <span key={state} data-tone={ITEM[state].tone} style={{ width: `${(share * 100).toFixed(2)}%` }} />
        ))}
      </div>
      <span className={styles['legend']}>
        {shares.map(({ state, items }) => (
          <span key={state}>
            <Mark sign={ITEM[state]} quiet /> {count(items)}
          </span>
        ))}
      </span>
    </div>
  );
}
