import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { say } from '../ui/toasts';
import { MODELS_KEY } from './models-key';
import styles from './Models.module.css';
import { microsOf, type Model, type Price, priceOf, typed, type Typed } from './price';

/** Says what a model costs from now on: a new version of it, which runs that have started do not see. */
export function SetPrice({ model, onClose }: { readonly model: Model; readonly onClose: () => void }) {
  const { price } = model;
  const [given, setGiven] = useState<Typed>({
    currency: price?.currency ?? 'USD',
    input: typed(price?.input_micros),
    output: typed(price?.output_micros),
    cached: typed(price?.cached_input_micros),
  });
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: (next: Price | null) => api.models.setPrice(model.name, { price: next }),
    onSuccess: ({ version }) => {
      say(`${model.name} is version ${version} now`);
      onClose();
      return queries.invalidateQueries({ queryKey: MODELS_KEY });
    },
  });
  const next = priceOf(given);
  const box = (name: keyof Typed, label: string, required: boolean) => (
    <TextInput
      label={label}
      required={required}
      inputMode={name === 'currency' ? 'text' : 'decimal'}
      spellCheck={false}
      value={given[name]}
      error={name !== 'currency' && given[name] !== '' && microsOf(given[name]) === null ? 'Not an amount' : null}
      onChange={(event) => {
        const { value } = event.currentTarget;
        setGiven((before) => ({ ...before, [name]: name === 'currency' ? value.toUpperCase() : value }));
      }}
    />
  );
  return (
    <Modal opened onClose={onClose} title={`Price of ${model.name}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          if (next) set.mutate(next);
        }}
      >
        <p className="dim">
          For a million tokens. It becomes version {model.version + 1}; runs that have started keep the price they were
          pinned to.
        </p>
        {box('currency', 'Currency', true)}
        {box('input', 'Read', true)}
        {box('cached', 'Read again, from the vendor’s cache (optional)', false)}
        {box('output', 'Written', true)}
        {set.isError && (
          <p className={styles['fault']} role="alert">
            {troubleOf(set.error).title}: {troubleOf(set.error).detail}
          </p>
        )}
        <div className={styles['buttons']}>
          <Button type="submit" disabled={next === null} loading={set.isPending}>
            Set the price
          </Button>
          {price !== null && (
            <Button variant="subtle" onClick={() => set.mutate(null)}>
              It is not known any more
            </Button>
          )}
        </div>
      </form>
    </Modal>
  );
}
