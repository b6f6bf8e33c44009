import type { ResponseOf } from '@writ/contract';
import { Icon } from '../ui/icons';
import { Table } from '../ui/Table';

type Reach = ResponseOf<'getReach'>;
type Path = Reach['data'][number];

const COLUMNS = ['Agent', 'Reaches', 'Through', 'When', 'By'];

/** Which agents reach a tool, through whom, and on which ways somebody gets done what they may not do themselves. */
export function ReachAnswer({ reach: { data, complete } }: { readonly reach: Reach }) {
  if (data.length === 0) return <p role="status">No agent reaches it: no rules and definitions open a way.</p>;
  return (
    <>
      {!complete && <p role="status">There are more ways than were followed: ask for one agent.</p>}
      <Table columns={COLUMNS} caption="Who reaches it">
        {data.map((path) => (
          <Row key={`${path.from} ${path.at} ${path.tool}`} path={path} />
        ))}
      </Table>
    </>
  );
}

function Row({ path: { from, tool, steps, rules, provided, lacking } }: { readonly path: Path }) {
  return (
    <tr>
      <td data-label="Agent">
        <code>{from}</code>
      </td>
      <td data-label="Reaches">
        <code>{tool}</code>
      </td>
      <td data-label="Through">
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
      <td data-label="When">{provided.join(', ')}</td>
      <td data-label="By">
        <code>{rules.join(', ')}</code>
      </td>
    </tr>
  );
}
