import { toHex } from '@writ/kernel';
import { Icon } from '../ui/icons';
import type { Checked } from './check';
import styles from './Proof.module.css';

const short = (hash: Uint8Array): string => `${toHex(hash).slice(0, 8)}…${toHex(hash).slice(-4)}`;

/**
 * The way from the event to the signed root: at each height our hash and its neighbour become the one above. Every hash
 * of our own is computed here; those that came with the proof stand on the other side.
 */
export function MerklePath({ checked }: { readonly checked: Checked }) {
  const { path, leaf, index, size, findings } = checked;
  const fits = findings.some((finding) => finding.of === 'path' && finding.standing === 'holds');
  return (
    <figure className={styles['path']}>
      <figcaption>
        <strong>The way to the root</strong>
        <span className="dim">
          event {index} of {size}, height {path.at(-1)?.height ?? 0}
        </span>
      </figcaption>
      <ol className={styles['steps']}>
        <li className={styles['step']}>
          <span className={styles['node']} data-mine title={checked.entry}>
            <span className={styles['whose']}>fingerprint of the bytes</span>
            <code>{`${checked.entry.slice(0, 8)}…${checked.entry.slice(-4)}`}</code>
          </span>
          <span className={styles['tick']}>
            <Icon name="check" size={11} />
            <span className="only-read">leaf:</span> {short(leaf)}
          </span>
        </li>
        {path.map((step, at) => (
          <li
            key={step.height}
            className={styles['step']}
            data-ours={step.ours}
            data-last={at === path.length - 1 || undefined}
          >
            <span className={styles['join']} aria-hidden="true" />
            <div className={styles['pair']}>
              <Node label={labelOf(step.ours === 'left', at)} hash={step.left} ours={step.ours === 'left'} />
              <Node label={labelOf(step.ours === 'right', at)} hash={step.right} ours={step.ours === 'right'} />
            </div>
            <span className={styles['tick']}>
              <Icon name={fits || at < path.length - 1 ? 'check' : 'cross'} size={11} />
              <span className="only-read">computed:</span> {short(step.result)}
            </span>
          </li>
        ))}
      </ol>
      <p className={styles['root']} data-fits={fits}>
        <Icon name={fits ? 'check' : 'cross'} size={14} />
        {fits ? 'That is the root in the checkpoint.' : 'That is not the root in the checkpoint.'}
      </p>
    </figure>
  );
}

const labelOf = (ours: boolean, at: number): string => (!ours ? 'given' : at === 0 ? 'leaf' : 'ours');

function Node({ label, hash, ours }: { readonly label: string; readonly hash: Uint8Array; readonly ours: boolean }) {
  return (
    <span className={styles['node']} data-mine={ours || undefined} title={toHex(hash)}>
      <span className={styles['whose']}>{label}</span>
      <code>{short(hash)}</code>
    </span>
  );
}
