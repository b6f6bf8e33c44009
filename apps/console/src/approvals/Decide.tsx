import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type KeyboardEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { commandKey } from '../frame/platform';
import { useMay, usePrincipal } from '../session/useTenant';
import { say } from '../ui/toasts';
import { type Approval, whyNot } from './approvals';
import styles from './Approvals.module.css';
import { ArgumentChanges } from './ArgumentChanges';
import { Prove } from './Prove';

interface Props {
  readonly approval: Approval;
  readonly onSettled: () => Promise<unknown>;
}

type Way = 'approve' | 'edit' | 'reject';

const SAID: { readonly [W in Way]: string } = {
  approve: 'Approved',
  edit: 'Approved with your arguments',
  reject: 'Rejected',
};

/** Says yes, yes but, or no. No single key does: a button is pressed, or ⌘Enter on it. */
export function Decide({ approval, onSettled }: Props) {
  const [comment, setComment] = useState('');
  const [editing, setEditing] = useState<string | null>(null);
  const principal = usePrincipal();
  const isAsked = approval.initiator === principal && approval.requirements.some(({ initiator }) => initiator);
  const may = useMay('approval.decide') || isAsked;
  const edited = editing === null ? null : parsed(editing);
  const decide = useMutation({
    mutationFn: (way: Way) => send(approval, way, { comment: comment.trim(), args: edited }),
    onSuccess: (answer, way) => {
      say(answer.status === 'pending' ? `${SAID[way]}. More people have to agree` : SAID[way]);
      setEditing(null);
      setComment('');
      return onSettled();
    },
  });
  const unproven = decide.isError && troubleOf(decide.error).code === 'proof_required';
  const why = whyNot(approval) ?? (may ? null : 'Your key may not decide (approval.decide).');
  const missing = approval.comment_required && comment.trim() === '';
  const off = why !== null || missing || decide.isPending;
  const yes: Way = editing === null ? 'approve' : 'edit';
  const yesOff = off || (editing !== null && edited === null);
  const press = (way: Way, disabled: boolean) => (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey) || disabled) return;
    event.preventDefault();
    decide.mutate(way);
  };
  if (approval.status !== 'pending') return null;
  return (
    <section className={styles['decide']} aria-label="Decide">
      {editing !== null && (
        <>
          <Textarea
            label="Arguments"
            description="All of them, as JSON. They are checked and decided again before anything happens."
            classNames={{ input: styles['json'] ?? '' }}
            autosize
            minRows={4}
            maxRows={14}
            spellCheck={false}
            value={editing}
            error={edited === null ? 'This is no JSON object' : null}
            onChange={(event) => setEditing(event.currentTarget.value)}
          />
          {edited !== null && <ArgumentChanges before={approval.args} after={edited} />}
        </>
      )}
      <Textarea
        label={approval.comment_required ? 'Why (the policy wants it in words)' : 'Why, if others should know'}
        autosize
        minRows={1}
        maxRows={6}
        disabled={why !== null}
        required={approval.comment_required}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      {unproven && <Prove onProven={() => decide.mutate(yes)} />}
      {decide.isError && !unproven && (
        <p className={styles['fault']} role="alert">
          {troubleOf(decide.error).title}: {troubleOf(decide.error).detail}
        </p>
      )}
      {why !== null && <p className={styles['why']}>{why}</p>}
      {approval.in_place_of.length > 0 && (
        <p className="dim">You decide in place of {approval.in_place_of.join(' or ')}, who is away.</p>
      )}
      <div className={styles['buttons']}>
        <Button
          disabled={yesOff}
          loading={decide.isPending}
          title={`${commandKey}Enter`}
          onClick={() => decide.mutate(yes)}
          onKeyDown={press(yes, yesOff)}
        >
          {editing === null ? 'Approve once' : 'Approve with these'}
        </Button>
        {approval.editable && (
          <Button
            variant="default"
            disabled={why !== null}
            onClick={() => setEditing((before) => (before === null ? JSON.stringify(approval.args, null, 2) : null))}
          >
            {editing === null ? 'Edit…' : 'As it was asked'}
          </Button>
        )}
        <Button
          color="red"
          variant="outline"
          disabled={off}
          onClick={() => decide.mutate('reject')}
          onKeyDown={press('reject', off)}
        >
          Reject
        </Button>
      </div>
    </section>
  );
}

function parsed(text: string): Approval['args'] | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Approval['args']) : null;
  } catch {
    return null;
  }
}

function send(
  { id }: Approval,
  way: Way,
  { comment, args }: { readonly comment: string; readonly args: Approval['args'] | null },
) {
  if (way === 'reject') return api.approvals.reject(id, { comment });
  return way === 'edit' && args !== null
    ? api.approvals.edit(id, { args, comment })
    : api.approvals.approve(id, { comment });
}
