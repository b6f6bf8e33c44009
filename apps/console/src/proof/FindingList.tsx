import { Icon, type IconName } from '../ui/icons';
import type { Finding, Standing } from './findings';
import styles from './Proof.module.css';

const SIGNS: { readonly [S in Standing]: { readonly icon: IconName; readonly word: string } } = {
  holds: { icon: 'check', word: 'Holds' },
  broken: { icon: 'cross', word: 'Broken' },
  open: { icon: 'unsure', word: 'Open' },
};

const NAMES: { readonly [O in Finding['of']]: string } = {
  bytes: 'Bytes',
  path: 'Place in the log',
  signature: 'Signature',
  history: 'History',
};

/** Every part of a check with how it stands; for what is broken the byte and both hashes. */
export function FindingList({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <ul className={styles['findings']} aria-label="What was checked">
      {findings.map((finding) => (
        <li key={finding.of} data-standing={finding.standing}>
          <span className={styles['sign']}>
            <Icon name={SIGNS[finding.standing].icon} size={13} />
            <span className="only-read">{SIGNS[finding.standing].word}:</span>
          </span>
          <div>
            <strong>{NAMES[finding.of]}</strong> {finding.said}
            {finding.standing === 'broken' && (
              <dl className={styles['differs']}>
                <Pair
                  name="First byte that differs"
                  value={finding.byte === undefined ? 'not known' : String(finding.byte)}
                />
                <Pair name="Expected" value={finding.expected ?? 'none'} />
                <Pair name="Found" value={finding.found ?? 'none'} />
              </dl>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Pair({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </div>
  );
}
