import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { Panel } from '../list/Panel';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { MODELS_KEY } from './models-key';
import styles from './Models.module.css';
import { type Price, priceText } from './price';

/** One model: where it is asked, and what each of its versions has cost. */
export function ModelPanel({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const one = useQuery({
    queryKey: [...MODELS_KEY, 'one', name],
    queryFn: ({ signal }) => api.models.get(name, { signal }),
  });
  const model = one.data;
  return (
    <Panel label={`Model ${name}`} title={<strong>{name}</strong>} onClose={onClose}>
      {one.isError && <Problem what="This model" error={one.error} onRetry={() => void one.refetch()} />}
      {one.isPending && <Loading what="the model" rows={4} />}
      {model && (
        <div className={styles['panel']}>
          <section>
            <h3>About</h3>
            <Facts
              facts={[
                ['Vendor’s id', model.vendor_model],
                ['Protocol', model.protocol],
                ['Address from', <code key="env">{model.base_url_env}</code>],
                ['A call may take', `${model.timeout_ms / 1000} s`],
                ['Tries', String(model.max_attempts)],
                ['Used by', model.agents.join(', ') || 'nobody'],
                ['Digest', <Id key="digest" id={model.digest} what="Digest of the definition" />],
              ]}
            />
          </section>
          <section>
            <h3>What it has cost</h3>
            <ol className={styles['versions']}>
              {model.versions.map((version) => (
                <li key={version.version}>
                  <span>
                    Version {version.version}: {wordsOf(version.price)}
                  </span>
                  <span className="dim">
                    {version.author}, <Stamp at={version.created_at} form="ago" />
                  </span>
                </li>
              ))}
            </ol>
            <p className="dim">A run pays the price of the version it was started with.</p>
          </section>
        </div>
      )}
    </Panel>
  );
}

function wordsOf(price: Price | null): string {
  if (price === null) return 'price unknown';
  return `${priceText(price.input_micros)} read, ${priceText(price.output_micros)} written (${price.currency})`;
}
