import type { Completion } from './useCompletion';
import styles from './QueryBar.module.css';

interface Props {
  readonly id: string;
  readonly completion: Completion;
  readonly onAccept: (option: string) => void;
}

export function Completions({ id, completion, onAccept }: Props) {
  return (
    <ul id={`${id}-options`} role="listbox" aria-label="May be typed here" className={styles['options']}>
      {completion.options.map((option, index) => (
        <li
          key={option.text}
          id={`${id}-option-${index}`}
          role="option"
          aria-selected={index === completion.active}
          className={styles['option']}
          // A press must not take the focus from the text before the click is heard.
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => completion.setActive(index)}
          onClick={() => onAccept(option.text)}
        >
          <code>{option.text}</code>
          <span className="cut">{option.about}</span>
        </li>
      ))}
    </ul>
  );
}
