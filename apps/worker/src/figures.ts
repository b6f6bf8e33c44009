import type { Engine } from '@writ/engine';
import { gauge, type Reading } from '@writ/telemetry';

type Load = NonNullable<Engine['admission']['load']>;
type ReviewLoad = Engine['reviews']['load'] extends ReadonlyMap<unknown, infer T> ? T : never;
type TenantLoad = Load['tenants'] extends ReadonlyMap<unknown, infer T> ? T : never;

/** What operators scale by, as this worker last saw it: it looks once a second. Every worker tells the same. */
export function exportFigures({ admission, reviews }: Engine): void {
  const perTenant = (of: (load: TenantLoad) => number) => (): readonly Reading[] =>
    [...(admission.load?.tenants ?? [])].map(([tenant, load]) => ({ value: of(load), attributes: { tenant } }));
  gauge('queueAge', () => [{ value: oldestMs(admission.load) / 1_000 }]);
  gauge('places', () => [{ value: admission.load?.places ?? 0 }]);
  gauge(
    'inLine',
    perTenant((load) => load.inLine),
  );
  gauge(
    'active',
    perTenant((load) => load.active),
  );
  const ofReviews = (of: (load: ReviewLoad) => number) => (): readonly Reading[] =>
    [...reviews.load].map(([tenant, load]) => ({ value: of(load), attributes: { tenant } }));
  gauge(
    'reviewsOpen',
    ofReviews(({ open }) => open),
  );
  gauge(
    'reviewsOverdue',
    ofReviews(({ overdue }) => overdue),
  );
  gauge(
    'reviewAge',
    ofReviews(({ oldestS }) => oldestS),
  );
}

function oldestMs(load: Load | null): number {
  return Math.max(0, ...[...(load?.tenants.values() ?? [])].map(({ waitedMs }) => waitedMs));
}
