import { Modal } from '@mantine/core';
import { QUERY_FIELDS, type QueryList } from '@writ/contract';
import styles from './QueryBar.module.css';

interface Props {
  readonly list: QueryList;
  readonly opened: boolean;
  readonly onClose: () => void;
}

const FORMS: readonly (readonly [text: string, means: string])[] = [
  ['status:failed,denied', 'one or the other'],
  ['agent:refund* tool:pay', 'both'],
  ['-status:succeeded', 'not'],
  ['(tool:pay OR tool:cancel)', 'either group'],
  ['duration:>30s', 'more than; also >= < <='],
  ['started:-24h..now', 'between'],
  ['"chargeback"', 'these words anywhere'],
];

/** The grammar, with every field of this list. The same text works in the CLI and in the API. */
export function GrammarSheet({ list, opened, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="How to write a query"
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className={styles['grammar']}>
        <section>
          <h3>Forms</h3>
          <dl>
            {FORMS.map(([text, means]) => (
              <div key={text}>
                <dt>
                  <code>{text}</code>
                </dt>
                <dd>{means}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section>
          <h3>Fields</h3>
          <dl>
            {QUERY_FIELDS[list].map((field) => (
              <div key={field.name}>
                <dt>
                  <code>{field.name}</code>
                </dt>
                <dd>
                  {field.about}
                  {field.words ? <span className="dim"> · {field.words.join(', ')}</span> : null}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Modal>
  );
}
