import { copyText } from './clipboard';
import { IconButton } from './IconButton';
import styles from './States.module.css';

/** A command for a terminal, with a button that copies it. */
export function Command({ text }: { readonly text: string }) {
  return (
    <div className={styles['command']}>
      <code tabIndex={0} role="group" aria-label="Command">
        {text}
      </code>
      <IconButton icon="copy" label="Copy the command" onClick={() => void copyText(text, 'Command')} />
    </div>
  );
}
