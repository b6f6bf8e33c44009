import type { Coverage } from '../api/runs';
import { count } from '../time/format';
import styles from './ListBar.module.css';

interface Props {
  readonly coverage: Coverage;
  readonly noun: string;
  readonly window: string;
}

const RELATIONS = { exact: '', at_least: 'at least ', about: 'about ' } as const;

const said = ({ value, relation }: Coverage['of']): string => `${RELATIONS[relation]}${count(value)}`;

/** Of a search answered in parts: what its first page counted, and how far its last one came. */
export function coverageOf(pages: readonly { readonly coverage: Coverage }[] = []): Coverage | undefined {
  const [first, last] = [pages[0]?.coverage, pages.at(-1)?.coverage];
  return first && last && { ...first, complete: last.complete, reached: last.reached };
}

/** Everything in the window matches; what was recorded between two counts must not read as “43 of 42”. */
const all = ({ matched, of }: Coverage): boolean => matched === null || matched.value >= of.value;

/** What the list covers: “1,284 of about 2,100,000 runs, last 24 hours, 0.18 s”. Nothing partial looks whole. */
export function CoverageLine({ coverage, noun, window }: Props) {
  const { matched, of, complete, reached, ms } = coverage;
  const seconds = (ms / 1000).toFixed(2);
  return (
    <p className={styles['coverage']} role="status">
      {all(coverage) ? '' : `${said(matched ?? of)} of `}
      {all(coverage) ? said(matched ?? of) : said(of)} {noun}s, {window.charAt(0).toLowerCase() + window.slice(1)},{' '}
      {seconds} s
      {!complete && (
        <span className={styles['partial']}>
          {' '}
          · partial: searched back to {reached === null ? 'here' : reached.replace('T', ' ').slice(0, 19)} UTC, more
          with “load more”
        </span>
      )}
    </p>
  );
}
