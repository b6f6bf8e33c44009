import styles from './Brand.module.css';

export function Brand({ large = false }: { readonly large?: boolean }) {
  const size = large ? 28 : 20;
  return (
    <span className={styles['brand']} data-large={large || undefined}>
      <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
        <rect width="16" height="16" rx="3.5" className={styles['ground']} />
        <path d="M3.6 4.6l2 6.8L8 5.4l2.4 6 2-6.8" className={styles['letter']} />
      </svg>
      <span>Writ</span>
    </span>
  );
}
