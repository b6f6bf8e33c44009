import { Icon } from '../ui/icons';
import styles from './Stops.module.css';
import { useStops } from './useStops';

/** On every page while the whole tenant is stopped: nobody should wonder why nothing moves. */
export function StopBanner({ onOpen }: { readonly onOpen: () => void }) {
  const wide = useStops().data?.find((stop) => stop.scope === 'tenant' || stop.scope === 'all');
  if (!wide) return null;
  return (
    <div className={styles['banner']} role="status">
      <Icon name="stop" size={15} />
      <span>
        <strong>{wide.scope === 'all' ? 'Every tenant is stopped.' : 'This tenant is stopped.'}</strong> No new step
        begins. {wide.set_by}: {wide.reason}
      </span>
      <button type="button" className={styles['more']} onClick={onOpen}>
        Stops
      </button>
    </div>
  );
}
