import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { type Trouble, troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { say } from '../ui/toasts';
import { useAddress } from '../url/useAddress';
import { bundleText, readBundle, withLines } from './bundle-text';
import { Comparison, type Compared } from './Comparison';
import { draft } from './draft';
import styles from './Policy.module.css';
import { POLICY_KEY } from './policy-key';

const REPLAYED = 200;

type Active = Awaited<ReturnType<typeof api.policies.active>>;

/** Write, look what it means, put it in force: only what was looked at is, and only over the policy it was compared with. */
export function ChangePolicy({ active }: { readonly active: Active }) {
  const now = bundleText(active.policy.bundle);
  const [text, setText] = useState(() => begun(now));
  const [checked, setChecked] = useState<{ readonly text: string; readonly compared: Compared } | null>(null);
  const { push } = useAddress();
  const may = useMay('policy.change');
  const explains = useMay('decision.explain');
  const queries = useQueryClient();
  const change = (next: string): void => {
    setText(next);
    draft.set(next === now ? null : next);
  };
  const check = useMutation({
    mutationFn: async () => {
      const bundle = readBundle(text);
      if (typeof bundle === 'string') throw new SyntaxError(bundle);
      return api.policies.compare({ bundle: bundle as never, replay: explains ? REPLAYED : 0 });
    },
    onSuccess: (compared) => setChecked({ text, compared }),
  });
  const apply = useMutation({
    mutationFn: () =>
      api.config.apply({ documents: [], policy: { bundle: readBundle(text) as never } }, { ifMatch: active.etag }),
    onSuccess: async ({ policy }) => {
      draft.set(null);
      say(
        policy?.changed === false
          ? 'It was in force already'
          : 'In force from now on, for every step that has not committed',
      );
      await queries.invalidateQueries({ queryKey: POLICY_KEY });
      push({ tab: undefined });
    },
  });
  const fresh = checked?.text === text && checked.compared.against === active.policy.digest ? checked.compared : null;
  const dirty = text !== now;
  return (
    <div className={styles['content']}>
      <Textarea
        label="The policy, as YAML"
        description="Rules are Casbin lines; {tenant} stands as it is. What is not written here is not in the policy."
        classNames={{ input: styles['editor'] ?? '' }}
        autosize
        minRows={12}
        maxRows={28}
        spellCheck={false}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
      <div className={styles['buttons']}>
        <Button disabled={!dirty} loading={check.isPending} onClick={() => check.mutate()}>
          What would it change?
        </Button>
        <Button
          color="red"
          disabled={!may || fresh === null || fresh.changes.length === 0}
          loading={apply.isPending}
          title={applyTitle(may, fresh)}
          onClick={() => apply.mutate()}
        >
          Put it in force
        </Button>
        <Button
          variant="subtle"
          disabled={!dirty}
          onClick={() => {
            change(now);
            setChecked(null);
            check.reset();
            apply.reset();
          }}
        >
          Begin again from what is in force
        </Button>
      </div>
      {check.isError && <Fault trouble={faultOf(check.error)} />}
      {apply.isError && <Fault trouble={troubleOf(apply.error)} />}
      {apply.isError && troubleOf(apply.error).status === 412 && (
        <div>
          <Button
            variant="default"
            onClick={() => {
              apply.reset();
              setChecked(null);
              void queries.invalidateQueries({ queryKey: POLICY_KEY });
            }}
          >
            Keep my text, and compare it with what is in force now
          </Button>
        </div>
      )}
      {fresh && <Comparison compared={fresh} />}
    </div>
  );
}

/** What was being written, or what is in force, with what an explanation was asked to add. */
function begun(now: string): string {
  const text = withLines(draft.get() ?? now, draft.takeAdded());
  draft.set(text === now ? null : text);
  return text;
}

function applyTitle(may: boolean, fresh: Compared | null): string {
  if (!may) return 'Your key may not change the policy (policy.change)';
  return fresh === null ? 'Look first what it would change' : '';
}

/** What somebody typed that is no YAML is their fault, and not the console’s. */
function faultOf(error: unknown): Pick<Trouble, 'title' | 'detail' | 'fields'> {
  if (error instanceof SyntaxError) return { title: 'This cannot be read', detail: error.message, fields: [] };
  return troubleOf(error);
}

function Fault({
  trouble: { title, detail, fields },
}: {
  readonly trouble: Pick<Trouble, 'title' | 'detail' | 'fields'>;
}) {
  return (
    <p className={styles['fault']} role="alert">
      {title}: {detail}
      {fields.map(({ pointer, message }) => ` · ${pointer} ${message}`)}
    </p>
  );
}
