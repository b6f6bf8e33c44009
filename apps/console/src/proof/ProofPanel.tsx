import { Button, Loader } from '@mantine/core';
import { useEffect } from 'react';
import { api } from '../api/client';
import { download } from '../list/take-away';
import { count, plural } from '../time/format';
import { Command } from '../ui/Command';
import { Icon } from '../ui/icons';
import { Problem } from '../ui/Problem';
import type { Checked, Verdict } from './check';
import { CheckpointText } from './CheckpointText';
import { FindingList } from './FindingList';
import { MerklePath } from './MerklePath';
import { PinKey } from './PinKey';
import styles from './Proof.module.css';
import { useCheck } from './useCheck';
import { WhatItProves } from './WhatItProves';
import type { Listed } from './findings';

interface Props {
  readonly id: string;
  /** Base of the log's origin. */
  readonly base: string;
  readonly listed: Listed;
}

/** One event, checked in this browser: in plain words, then as a picture, then byte for byte. */
export function ProofPanel({ id, base, listed }: Props) {
  const check = useCheck(id, base, listed);
  const { mutate } = check;
  useEffect(() => mutate(), [mutate, id]);
  return (
    <div className={styles['panel']}>
      {check.isPending && (
        <p className={styles['busy']} role="status">
          <Loader size="xs" /> Checking in this browser…
        </p>
      )}
      {check.isError && <Problem what="The proof" error={check.error} onRetry={() => mutate()} />}
      {check.data && <Outcome checked={check.data} base={base} again={() => mutate()} />}
      <div className={styles['buttons']}>
        <Button loading={check.isPending} onClick={() => mutate()}>
          Verify again
        </Button>
        <Button variant="default" onClick={() => void saveProof(id)} disabled={check.data?.verdict === 'unsealed'}>
          Download .tlog-proof
        </Button>
      </div>
      <Command text={`./writ audit verify ${id}`} />
      <WhatItProves />
    </div>
  );
}

const HEADS: {
  readonly [V in Verdict]: { readonly icon: 'check' | 'warn' | 'clock' | 'key' | 'unsure'; readonly title: string };
} = {
  proven: { icon: 'check', title: 'Unchanged, and in the log' },
  unpinned: { icon: 'key', title: 'Whole, but nobody here vouches for the key' },
  open: { icon: 'unsure', title: 'Not everything could be checked here' },
  broken: { icon: 'warn', title: 'Verification failed' },
  unsealed: { icon: 'clock', title: 'Not sealed yet' },
};

function Outcome({
  checked,
  base,
  again,
}: {
  readonly checked: Checked;
  readonly base: string;
  readonly again: () => void;
}) {
  const { icon, title } = HEADS[checked.verdict];
  return (
    <>
      <section className={styles['verdict']} data-verdict={checked.verdict} role="status">
        <Icon name={icon} size={20} />
        <div>
          <h3>{title}</h3>
          <p>{inWords(checked)}</p>
        </div>
      </section>
      <FindingList findings={checked.findings} />
      {checked.offeredKey !== null && <PinKey vkey={checked.offeredKey} base={base} onPinned={again} />}
      {checked.index !== null && checked.size !== null && <MerklePath checked={checked} />}
      {checked.checkpoint !== null && <CheckpointText checked={checked} />}
    </>
  );
}

function inWords(checked: Checked): string {
  const { verdict, index, size, path } = checked;
  if (verdict === 'unsealed') {
    return 'The event is recorded, and no checkpoint covers it yet. That takes a second; verify again.';
  }
  if (verdict === 'broken')
    return 'What the server answered does not fit together. What differs is said below, and above the page.';
  const place = `This event is number ${count(index ?? 0)} in the log. Its fingerprint leads, in ${plural(path.length, 'step')}, to the tree head of ${plural(size ?? 0, 'event')}`;
  const signers = checked.signedBy.map((key) => key.keyId).join(' and ');
  if (verdict === 'proven') {
    const witnesses = checked.cosigners > 0 ? ` and ${plural(checked.cosigners, 'further signature')}` : '';
    return `${place} signed by key ${signers}${witnesses}. Checked just now in your browser.`;
  }
  return `${place}. Everything fits together; who signed it is what remains to be settled.`;
}

async function saveProof(id: string): Promise<void> {
  download(`${id}.tlog-proof`, await api.audit.tlogProof(id), 'text/plain');
}
