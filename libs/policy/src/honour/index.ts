import { Decided } from '../decided';
import { confinementOf } from './confine';
import { narrowed } from './narrow';
import { takeRates } from './rates';
import { dutiesOf } from './terms';
import { withheld } from './withhold';

/** What the enforcing side does to keep the promises that an allow was given on. */
export const honouring = {
  confinementOf,
  dutiesOf,
  narrowed,
  takeRates,
  unkept: Decided.unkept,
  withheld,
} as const;
