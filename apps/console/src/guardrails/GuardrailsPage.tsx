import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { Page } from '../list/Page';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { Table } from '../ui/Table';
import styles from './Guardrails.module.css';
import { TryGuardrails } from './TryGuardrails';
import { follows, type Guardrail, lookedFor, nameOf } from './words';

const COLUMNS = ['Guardrail', 'At', 'Looks for', 'Then', 'Where it cannot look'];

/** What content has to pass where agents hear it and where it leaves; what is forbidden absolutely; and a way to try it out. */
export function GuardrailsPage() {
  const query = useQuery({ queryKey: ['guardrails'], queryFn: ({ signal }) => api.guardrails.list({ signal }) });
  const { checks = [], absolute = [] } = query.data ?? {};
  const none = checks.length === 0 && absolute.length === 0;
  return (
    <Page title="Guardrails" purpose="What content has to pass, and what is forbidden to everybody." controls={null}>
      {query.isError && <Problem what="The guardrails" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="guardrails" rows={3} />}
      {query.isSuccess && none && (
        <Empty icon="filter" title="There are no guardrails" command="./writ guardrails list">
          <p>They are written in the policy, under “guardrails”: a name, a boundary, what to look for, what follows.</p>
        </Empty>
      )}
      {!none && (
        <div className={styles['content']} tabIndex={0} role="group" aria-label="Guardrails">
          {checks.length > 0 && (
            <Table columns={COLUMNS}>
              {checks.map((check) => (
                <Row key={check.id} check={check} />
              ))}
            </Table>
          )}
          {absolute.length > 0 && (
            <section>
              <h2>Forbidden to everybody</h2>
              <ul className={styles['list']}>
                {absolute.map(({ id, set_by: by, actions, objects, when }) => (
                  <li key={id}>
                    <strong>{nameOf({ id, set_by: by })}</strong>: {actions.join(', ')} on {objects.join(', ')}
                    {when !== null && `, when ${when}`}
                  </li>
                ))}
              </ul>
            </section>
          )}
          {checks.length > 0 && <TryGuardrails />}
        </div>
      )}
    </Page>
  );
}

function Row({ check }: { readonly check: Guardrail }) {
  const { at, agents, tools, answers, on_error: onError } = check;
  const out = at.includes('output');
  const whose = agents.includes('*') ? [] : [`of ${agents.join(', ')}`];
  const to = out && !tools.includes('*') ? [`calls of ${tools.join(', ')}`] : [];
  const only = out && !answers ? ['no answers'] : [];
  return (
    <tr>
      <th scope="row">{nameOf(check)}</th>
      <td data-label="At">
        {at.join(', ')}
        {[...whose, ...to, ...only].map((part) => (
          <span key={part} className="dim">
            {part}
          </span>
        ))}
      </td>
      <td data-label="Looks for">{lookedFor(check)}</td>
      <td data-label="Then">{follows(check)}</td>
      <td data-label="Where it cannot look">{onError === 'open' ? 'passes at low risk' : 'holds back'}</td>
    </tr>
  );
}
