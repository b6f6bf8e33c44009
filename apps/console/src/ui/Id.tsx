import { copyText } from './clipboard';
import { IconButton } from './IconButton';
import styles from './Id.module.css';

/** An id in full, with a button that copies it. */
export function Id({ id, what = 'Id' }: { readonly id: string; readonly what?: string }) {
  return (
    <span className={styles['id']}>
      <code>{id}</code>
      <IconButton icon="copy" size={12} label={`Copy ${what.toLowerCase()}`} onClick={() => void copyText(id, what)} />
    </span>
  );
}
