import { takeRates } from './rates';
import { dutiesOf } from './terms';
import { withheld } from './withhold';

/** What the enforcing side does to keep the promises that an allow was given on. */
export const honouring = { dutiesOf, takeRates, withheld } as const;
