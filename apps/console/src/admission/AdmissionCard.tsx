import { Button, Modal, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ResponseOf } from '@writ/contract';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { count, duration } from '../time/format';
import { Facts } from '../ui/Facts';
import { say } from '../ui/toasts';
import styles from './Admission.module.css';

type Admission = ResponseOf<'getAdmission'>;

const ADMISSION_KEY = ['admission'] as const;

/** How many runs of the tenant are led and wait for their turn, of how many there may be. */
export function AdmissionCard() {
  const may = useMay('admission.read');
  const maySet = useMay('admission.set');
  const [changing, setChanging] = useState(false);
  const found = useQuery({
    queryKey: ADMISSION_KEY,
    queryFn: ({ signal }) => api.admission.get({ signal }),
    enabled: may,
    refetchInterval: 5_000,
  });
  const admission = found.data;
  if (!admission) return null;
  const { active, in_line: inLine, in_force: now, weight, places } = admission;
  return (
    <section className={styles['card']} aria-labelledby="admission">
      <div className={styles['head']}>
        <h2 id="admission">Runs at a time</h2>
        <Button
          variant="default"
          size="xs"
          disabled={!maySet}
          title={maySet ? '' : 'Your key may not set this (admission.set)'}
          onClick={() => setChanging(true)}
        >
          Change…
        </Button>
      </div>
      <Facts
        facts={[
          ['Led now', `${count(active)} of ${now.most_active === null ? 'any number' : count(now.most_active)}`],
          ['In line', `${count(inLine)} of ${count(now.most_in_line)}`],
          inLine === 0 ? null : ['First in line for', duration(admission.lined_up_ms)],
          ['Places of all workers', `${count(places)}, shared by weight; this tenant’s is ${count(weight)}`],
        ]}
      />
      {changing && <Change admission={admission} onClose={() => setChanging(false)} />}
    </section>
  );
}

function Change({ admission, onClose }: { readonly admission: Admission; readonly onClose: () => void }) {
  const { own, granted } = admission;
  const [active, setActive] = useState<number | string>(own.most_active ?? '');
  const [inLine, setInLine] = useState<number | string>(own.most_in_line ?? '');
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: () =>
      api.admission.set({
        most_active: active === '' ? null : Number(active),
        most_in_line: inLine === '' ? null : Number(inLine),
        reason: reason.trim(),
      }),
    onSuccess: () => {
      say('In force within a second');
      onClose();
      return queries.invalidateQueries({ queryKey: ADMISSION_KEY });
    },
  });
  const most = (limit: number | null): string =>
    limit === null ? 'Empty: no limit.' : `The platform grants ${count(limit)} at most; empty for that.`;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason.trim() !== '') set.mutate();
  };
  return (
    <Modal opened onClose={onClose} title="Runs at a time" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className={styles['form']} onSubmit={submit}>
        <NumberInput
          label="Led at once"
          description={most(granted.most_active)}
          min={1}
          value={active}
          onChange={setActive}
        />
        <NumberInput
          label="In line"
          description={`${most(granted.most_in_line)} A start beyond it is refused as busy.`}
          min={0}
          value={inLine}
          onChange={setInLine}
        />
        <TextInput
          label="Reason"
          placeholder="Others will read this"
          value={reason}
          error={set.isError ? troubleOf(set.error).detail : null}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <div>
          <Button type="submit" disabled={reason.trim() === ''} loading={set.isPending}>
            Put in force
          </Button>
        </div>
      </form>
    </Modal>
  );
}
