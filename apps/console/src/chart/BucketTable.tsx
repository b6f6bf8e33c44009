import { plural, stamp } from '../time/format';
import { useZone } from '../time/useZone';
import { type Bucket, inWords, type Series, totalOf } from './buckets';
import styles from './Histogram.module.css';

interface Props {
  readonly bars: readonly Bucket[];
  readonly series: readonly Series[];
  readonly noun: string;
}

export function BucketTable({ bars, series, noun }: Props) {
  const zone = useZone();
  const some = bars.filter((bar) => totalOf(bar) > 0);
  return (
    <div className={styles['table']} tabIndex={0} role="group" aria-label={`${noun}s by bar`}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Count</th>
            <th scope="col">Of which</th>
          </tr>
        </thead>
        <tbody>
          {some.map((bar) => (
            <tr key={bar.at}>
              <td>{stamp(bar.at, zone)}</td>
              <td>{plural(totalOf(bar), noun)}</td>
              <td>{inWords(bar, series)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
