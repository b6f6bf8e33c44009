/** Time, injected so that tests own it. `now` is epoch milliseconds; `monotonic` never goes back and has no epoch. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
