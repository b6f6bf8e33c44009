import type { Mandate } from '@writ/policy';
import type { Call } from './call';

/** A mandate as it came over the wire. */
export const mandateOf = ({ tools }: NonNullable<Call<'startRun'>['body']['mandate']>): Mandate => ({
  tools: tools.map(({ at_most: atMost, ...grant }) => ({ ...grant, ...(atMost === undefined ? {} : { atMost }) })),
});
