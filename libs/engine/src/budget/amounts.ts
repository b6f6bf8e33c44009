import { RUN_DIMENSIONS, type RunDimension } from '@writ/words';

/** Whole numbers from 0 on, in the unit of their dimension; what is absent is 0, and as a limit: none. */
export type Amounts = { readonly [D in RunDimension]?: number };

/** Dimensions of which every step takes its own share. */
export const SUMMED = RUN_DIMENSIONS.filter((dimension) => dimension !== 'wall_ms' && dimension !== 'depth');

export function plus(one: Amounts, other: Amounts): Amounts {
  const sum: { [D in RunDimension]?: number } = { ...one };
  for (const dimension of SUMMED) {
    const added = other[dimension];
    if (added !== undefined) sum[dimension] = (sum[dimension] ?? 0) + added;
  }
  return sum;
}

export function minus(one: Amounts, other: Amounts): Amounts {
  const rest: { [D in RunDimension]?: number } = { ...one };
  for (const dimension of SUMMED) {
    const taken = other[dimension];
    if (taken !== undefined) rest[dimension] = (rest[dimension] ?? 0) - taken;
  }
  return rest;
}

/** The tighter limit of each dimension: what a part may use is never more than its whole may (I6). */
export function tighter(one: Amounts, other: Amounts): Amounts {
  const limits: { [D in RunDimension]?: number } = {};
  for (const dimension of RUN_DIMENSIONS) {
    const [a, b] = [one[dimension], other[dimension]];
    const least = a === undefined ? b : b === undefined ? a : Math.min(a, b);
    if (least !== undefined) limits[dimension] = least;
  }
  return limits;
}
