import type { ResponseOf } from '@writ/contract';
import { Icon } from '../ui/icons';
import styles from './Ask.module.css';

type Reach = ResponseOf<'getReach'>;
type Path = Reach['data'][number];

/** Which agents reach a tool, through whom, and on which ways somebody gets done what they may not do themselves. */
export function ReachAnswer({ reach: { data, complete } }: { readonly reach: Reach }) {
  if (data.length === 0) return <p role="status">No agent reaches it: no rules and definitions open a way.</p>;
  return (
    <>
      {!complete && <p role="status">There are more ways than were followed: ask for one agent.</p>}
      <table className={styles['table']} aria-label="Who reaches it">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">Reaches</th>
            <th scope="col">Through</th>
            <th scope="col">When</th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {data.map((path) => (
            <Row key={`${path.from} ${path.at} ${path.tool}`} path={path} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function Row({ path: { from, tool, steps, rules, provided, lacking } }: { readonly path: Path }) {
  return (
    <tr>
      <td>
        <code>{from}</code>
      </td>
      <td>
        <code>{tool}</code>
      </td>
      <td>
        {steps.length === 0 && <span className="dim">itself</span>}
        {steps.map(({ to, mode }, i) => (
          <span key={i}>
            {i > 0 && ' → '}
            <code>{to}</code>
            {mode === 'service' && <span className="dim"> as a service</span>}
          </span>
        ))}
        {lacking.length > 0 && (
          <div>
            <Icon name="warn" /> {lacking.join(', ')} may not do it, and gets it done
          </div>
        )}
      </td>
      <td>{provided.join(', ')}</td>
      <td>
        <code>{rules.join(', ')}</code>
      </td>
    </tr>
  );
}
