import { Decided } from '../decided';
import { confinementOf } from './confine';
import { takeRates } from './rates';
import { dutiesOf } from './terms';
import { withheld } from './withhold';

/** What the enforcing side does to keep the promises that an allow was given on. */
export const honouring = { confinementOf, dutiesOf, takeRates, unkept: Decided.unkept, withheld } as const;
