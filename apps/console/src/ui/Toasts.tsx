import { useSyncExternalStore } from 'react';
import { toastStore } from './toasts';
import styles from './Toasts.module.css';

export function Toasts() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.get);
  return (
    <div className={styles['toasts']} role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} className={styles['toast']} data-tone={toast.tone}>
          {toast.text}
        </div>
      ))}
    </div>
  );
}
