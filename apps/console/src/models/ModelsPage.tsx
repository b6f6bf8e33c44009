import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePages } from '../list/usePages';
import { useMay } from '../session/useTenant';
import { count } from '../time/format';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import { Table } from '../ui/Table';
import { MODELS_KEY } from './models-key';
import { ModelPanel } from './ModelPanel';
import styles from './Models.module.css';
import { type Model, priceText } from './price';
import { SetPrice } from './SetPrice';

const COLUMNS = ['Model', 'A million tokens read', 'Read again', 'Written', 'At once', 'A minute', 'Used by'];

/** Which models there are, what they cost, how hard they may be used, and by whom. */
export function ModelsPage() {
  const { search, push } = useAddress();
  const may = useMay('model.change');
  const [pricing, setPricing] = useState<Model | null>(null);
  const { query, rows } = usePages([...MODELS_KEY, 'list'], {
    page: (cursor, signal) => api.models.list({ limit: 100 }, { signal }).page(cursor),
  });
  const chosen = rows.find(({ name }) => name === search['sel']);
  const unpriced = rows.filter(({ price }) => price === null).length;
  return (
    <Page
      title="Models"
      purpose="What models cost, how hard they may be used, and which agents use them."
      controls={
        unpriced > 0 && (
          <p className={styles['warning']} role="status">
            {count(unpriced)} of {count(rows.length)} without a price: what they cost is not known, and no budget of
            money lets them run.
          </p>
        )
      }
      panel={chosen && <ModelPanel name={chosen.name} onClose={() => push({ sel: undefined })} />}
    >
      {query.isError && <Problem what="The models" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="models" rows={3} />}
      {query.isSuccess && rows.length === 0 && (
        <Empty icon="model" title="There are no models" command="./writ config apply definitions/">
          <p>A model is a definition of kind “model”: where it is asked, how hard, and what it costs.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']} tabIndex={0} role="group" aria-label="Models">
          <Table columns={COLUMNS} acting>
            {rows.map((model) => (
              <Row
                key={model.name}
                model={model}
                may={may}
                onOpen={() => push({ sel: model.name })}
                onPrice={() => setPricing(model)}
              />
            ))}
          </Table>
          <More query={query} />
        </div>
      )}
      {pricing && <SetPrice model={pricing} onClose={() => setPricing(null)} />}
    </Page>
  );
}

interface RowProps {
  readonly model: Model;
  readonly may: boolean;
  readonly onOpen: () => void;
  readonly onPrice: () => void;
}

function Row({ model, may, onOpen, onPrice }: RowProps) {
  const { price, concurrency, requests_per_minute: rate, agents, budgets } = model;
  return (
    <tr>
      <th scope="row">
        <button type="button" className={styles['name']} onClick={onOpen}>
          {model.name}
        </button>
        <span className="dim">
          {model.vendor_model}, version {model.version}
        </span>
      </th>
      <Amount label="A million tokens read" of={price && `${priceText(price.input_micros)} ${price.currency}`} />
      <Amount
        label="Read again"
        of={price && (price.cached_input_micros === undefined ? 'as read' : priceText(price.cached_input_micros))}
      />
      <Amount label="Written" of={price && `${priceText(price.output_micros)} ${price.currency}`} />
      <Amount label="At once" of={concurrency === null ? 'no limit' : count(concurrency)} />
      <Amount label="A minute" of={rate === null ? 'no limit' : count(rate)} />
      <td data-label="Used by">
        {agents.length === 0 ? <span className="dim">nobody</span> : agents.join(', ')}
        {budgets.length > 0 && (
          <Link to="/budgets" className={styles['more']}>
            {budgets.length === 1 ? 'limited by a budget' : `limited by ${budgets.length} budgets`}
          </Link>
        )}
      </td>
      <td>
        <Button
          variant="default"
          size="xs"
          disabled={!may}
          title={may ? '' : 'Your key may not change models (model.change)'}
          onClick={onPrice}
        >
          Price…<span className="only-read"> of {model.name}</span>
        </Button>
      </td>
    </tr>
  );
}

const Amount = ({ label, of }: { readonly label: string; readonly of: string | null }) => (
  <td className={styles['number']} data-label={label}>
    {of ?? <span className={styles['unknown']}>unknown</span>}
  </td>
);
