import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ResponseOf } from '@writ/contract';
import { api } from '../api/client';
import { draft } from '../policy/draft';
import { useMay } from '../session/useTenant';
import styles from './Decisions.module.css';
import { optionsOf } from './decision-words';
import type { Decision } from './useDecisions';

type Explained = ResponseOf<'explainDecision'>;

/** What is around a decision: whose right it is, what would allow it, who could approve. */
export function Around({
  explained,
}: {
  readonly explained: Pick<Explained, 'chain' | 'needs' | 'remedies' | 'approvers'>;
}) {
  const { chain, needs, remedies, approvers } = explained;
  return (
    <>
      {chain.length > 0 && (
        <section>
          <h3>By whose right</h3>
          <ul className={styles['misses']} aria-label="By whose right">
            {chain.map(({ subject, part, mode, asked, paths }, index) => (
              <li key={index}>
                <span className={styles['dot']} />
                <span>
                  <code>{subject}</code>
                  {mode !== null && <span className="dim"> by a handoff ({mode})</span>}
                  {mode === null && part === 'agent' && index > 1 && (
                    <span className="dim"> (no rule lets {chain[index - 1]?.subject} pass on to it)</span>
                  )}
                  {!asked && <span className="dim"> was not asked</span>}
                  {asked && paths.length === 0 && <span className="dim"> has no rule for it</span>}
                  {paths.map((path) => (
                    <div key={path.join(' ')}>
                      <code>{path.join(' → ')}</code>
                    </div>
                  ))}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {needs.length > 0 && (
        <section>
          <h3>Not known</h3>
          <p>{needs.map(({ name, resource }) => `${name} of ${resource.type} ${resource.id}`).join(', ')}</p>
        </section>
      )}
      {remedies.length > 0 && (
        <Options
          options={remedies.map(({ sentence, changes }) => ({
            text: sentence.replace(/^To allow it: /, ''),
            lines: policyLines(changes),
          }))}
        />
      )}
      {approvers.length > 0 && (
        <section>
          <h3>Who could approve</h3>
          <ul aria-label="Who could approve">
            {approvers.map(({ obligation, count, roles, people }) => (
              <li key={obligation}>
                {count}
                {roles.length > 0 && ` with the role ${roles.join(' or ')}`}:{' '}
                {people.length === 0 ? 'nobody known here' : people.join(', ')}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

interface Option {
  readonly text: string;
  /** Lines of the policy it comes to; null where it takes something else. */
  readonly lines: readonly string[] | null;
}

function policyLines(changes: Explained['remedies'][number]['changes']): readonly string[] | null {
  const lines = changes.map(({ kind, line, subject, role }) => {
    if (kind === 'rule') return line ?? null;
    return kind === 'role' && subject && role ? `g, ${subject}, role:${role.replace(/^role:/, '')}, {tenant}` : null;
  });
  return lines.length > 0 && lines.every((line) => line !== null) ? lines : null;
}

function Options({ options }: { readonly options: readonly Option[] }) {
  const may = useMay('policy.read');
  return (
    <section>
      <h3>What would allow it</h3>
      <ol className={styles['options']}>
        {options.map(({ text, lines }) => (
          <li key={text}>
            {text}{' '}
            {may && lines !== null && (
              <Link to="/policy" search={{ tab: 'change' } as never} onClick={() => draft.add(lines)}>
                See what else that would change
              </Link>
            )}
          </li>
        ))}
      </ol>
      <p className="dim">Nothing is changed from here.</p>
    </section>
  );
}

/** The same of a decision that was made: asked again under the policy in force, for those who may read it. */
export function AroundPast({ decision }: { readonly decision: Decision }) {
  const may = useMay('decision.explain');
  const explained = useQuery({
    queryKey: ['explanation', decision.id],
    queryFn: ({ signal }) => api.decisions.explain(decision.id, { signal }),
    enabled: may,
    retry: false,
    staleTime: 30_000,
  });
  const options = optionsOf(decision);
  if (explained.data && explained.data.now !== null) {
    const { now } = explained.data;
    return (
      <>
        <Around explained={explained.data} />
        {now.verdict !== decision.verdict && (
          <section>
            <h3>Now</h3>
            <p>{now.sentence}</p>
          </section>
        )}
      </>
    );
  }
  return options.length === 0 ? null : <Options options={options.map((text) => ({ text, lines: null }))} />;
}
