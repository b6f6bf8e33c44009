import { Button, Modal, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { usePrincipal } from '../session/useTenant';
import { KeepOnce } from '../ui/KeepOnce';
import styles from './ApiKeys.module.css';
import { API_KEYS_KEY, wordsOf } from './standing';

const DAY_MS = 86_400_000;
const DAYS = 90;
const MOST_DAYS = 366;

/** Makes a key, and shows its secret once. */
export function CreateApiKey({ onClose }: { readonly onClose: () => void }) {
  const me = usePrincipal();
  const [label, setLabel] = useState('');
  const [principal, setPrincipal] = useState('');
  const [roles, setRoles] = useState('');
  const [scopes, setScopes] = useState('run.read');
  const [days, setDays] = useState<number | string>(DAYS);
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      api.apiKeys.create({
        label: label.trim(),
        roles: wordsOf(roles),
        scopes: wordsOf(scopes),
        expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
        ...(principal.trim() !== '' && { principal: principal.trim() }),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: API_KEYS_KEY }),
  });
  const ready = label.trim() !== '' && wordsOf(scopes).length > 0 && Number(days) >= 1;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (ready) create.mutate();
  };
  const secret = create.data?.secret ?? null;
  const trouble = create.isError ? troubleOf(create.error) : null;
  return (
    <Modal opened onClose={onClose} title="New API key" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {secret !== null ? (
        <KeepOnce secret={secret} onKept={onClose}>
          This is the key. It is shown once and kept nowhere: put it where it will be used.
        </KeepOnce>
      ) : (
        <form className={styles['form']} onSubmit={submit}>
          <TextInput
            label="What it is for"
            placeholder="deploy pipeline"
            data-autofocus
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <TextInput
            label="Whom it acts as"
            description="A person or a service, such as service:deploys. Left empty: yourself."
            placeholder={me}
            spellCheck={false}
            value={principal}
            onChange={(event) => setPrincipal(event.currentTarget.value)}
          />
          <TextInput
            label="Roles"
            description="With commas between. administrator, operator, auditor, approver, reviewer, developer and enforcer come with the product."
            placeholder="auditor"
            spellCheck={false}
            value={roles}
            onChange={(event) => setRoles(event.currentTarget.value)}
          />
          <TextInput
            label="What it may be used for"
            description="Actions, with commas between: run.read, run.* for all of an area, * for everything its roles allow."
            spellCheck={false}
            value={scopes}
            onChange={(event) => setScopes(event.currentTarget.value)}
          />
          <NumberInput
            label="Days until it expires"
            min={1}
            max={MOST_DAYS}
            allowDecimal={false}
            value={days}
            onChange={setDays}
          />
          {trouble && (
            <p className={styles['fault']} role="alert">
              {trouble.title}: {trouble.detail}
              {trouble.fields.map(({ pointer, message }) => ` · ${pointer} ${message}`)}
            </p>
          )}
          <div>
            <Button type="submit" disabled={!ready} loading={create.isPending}>
              Make the key
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
