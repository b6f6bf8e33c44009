import { callerOf, tenantOf } from '../frame/call';
import type { AnyCall } from '../frame/state';
import type { Asker } from './decisions';

/** Where this decision point is reached, as far as the request tells. */
export function baseOf({ state }: AnyCall): string {
  // What stands in a Host header is anybody's: nothing but a host and a port is repeated.
  const host = /^[A-Za-z0-9.:[\]-]{1,255}$/.test(state.host) ? state.host : 'localhost';
  return `${state.secure ? 'https' : 'http'}://${host}`;
}

export const askerOf = (call: AnyCall): Asker => {
  const { id } = callerOf(call).principal;
  return { tenant: tenantOf(call), by: id, trace: call.state.trace.traceId };
};
