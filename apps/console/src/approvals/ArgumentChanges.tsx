import type { Approval } from './approvals';
import { differences } from './differences';
import styles from './Approvals.module.css';

interface Props {
  readonly before: Approval['args'];
  readonly after: Approval['args'];
}

/** What an edit changes, argument by argument: what went, what came. */
export function ArgumentChanges({ before, after }: Props) {
  const lines = differences(before, after);
  if (lines.length === 0) return <p className="dim">The arguments are the same.</p>;
  return (
    <table className={styles['changes']}>
      <caption className="only-read">Changed arguments</caption>
      <thead>
        <tr>
          <th scope="col">Argument</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.name}>
            <th scope="row">
              <code>{line.name}</code>
            </th>
            <td>{line.before === null ? <span className="dim">absent</span> : <del>{line.before}</del>}</td>
            <td>{line.after === null ? <span className="dim">removed</span> : <ins>{line.after}</ins>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
