import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { sessionStore } from '../session/session';
import { Stamp } from '../time/Stamp';
import { Confirm } from '../ui/Confirm';
import { Mark } from '../ui/Mark';
import { say } from '../ui/toasts';
import { API_KEYS_KEY, type ApiKey, standingOf } from './standing';

export function ApiKeyRow({ apiKey, may }: { readonly apiKey: ApiKey; readonly may: boolean }) {
  const { id, label, principal, roles, scopes, revoked_at: revoked, expires_at: expires } = apiKey;
  const session = useSyncExternalStore(sessionStore.subscribe, sessionStore.get);
  const own = session.is === 'open' && session.me.key.id === id;
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.apiKeys.revoke(id),
    onSuccess: () => {
      say(`Revoked: ${label}`);
      return queries.invalidateQueries({ queryKey: API_KEYS_KEY });
    },
    onError: (error) => say(`${troubleOf(error).title}: ${troubleOf(error).detail}`, 'bad'),
  });
  return (
    <tr>
      <th scope="row">
        <strong>{label}</strong>
        {own && <span className="dim">the one you are signed in with</span>}
        <span className="dim">
          made by {apiKey.created_by} <Stamp at={apiKey.created_at} form="ago" />
        </span>
      </th>
      <td data-label="Acts as">
        <code>{principal}</code>
        <span className="dim">{roles.length === 0 ? 'no roles of its own' : roles.join(', ')}</span>
      </td>
      <td data-label="May be used for">
        <code>{scopes.join(', ')}</code>
      </td>
      <td data-label="Stands">
        <Mark sign={standingOf(apiKey, Date.now())} quiet />
        <span className="dim">
          {revoked === null ? (
            <>
              until <Stamp at={expires} />
            </>
          ) : (
            <Stamp at={revoked} form="ago" />
          )}
        </span>
      </td>
      <td data-label="Last used">
        {apiKey.last_used_at === null ? (
          <span className="dim">never</span>
        ) : (
          <Stamp at={apiKey.last_used_at} form="ago" />
        )}
      </td>
      <td>
        {revoked === null && (
          <Confirm
            what="Revoke"
            name={label}
            warning={own ? 'You would be signed out at once.' : 'Whoever uses it is cut off at once.'}
            disabled={!may}
            loading={revoke.isPending}
            onSure={() => revoke.mutate()}
          />
        )}
      </td>
    </tr>
  );
}
