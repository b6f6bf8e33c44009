import type { Scale } from './scale';

interface Stretch {
  readonly from_ms: number;
  readonly to_ms: number | null;
}

/** A piece of a strip, in pixels; `of` is the stretch that took most of its time. */
export interface Drawn<S> {
  readonly x: number;
  readonly width: number;
  readonly of: S;
}

/**
 * What can be seen of many stretches: those narrower than a pixel are drawn as one, with the looks of the longest of
 * them. Twenty thousand stretches become as many pieces as the strip has pixels.
 */
export function decimated<S extends Stretch>(stretches: readonly S[], scale: Scale, end: number): readonly Drawn<S>[] {
  const drawn: Drawn<S>[] = [];
  let held: { left: number; right: number; of: S; longest: number } | null = null;
  const flush = (): void => {
    if (held) drawn.push({ x: held.left, width: Math.max(1, held.right - held.left), of: held.of });
    held = null;
  };
  for (const stretch of stretches) {
    const to = stretch.to_ms ?? end;
    const left = scale.x(stretch.from_ms);
    const right = scale.x(to);
    if (right - left >= 1.5) {
      flush();
      drawn.push({ x: left, width: right - left, of: stretch });
      continue;
    }
    const length = to - stretch.from_ms;
    if (held && right - held.left <= 1.5) {
      held.right = Math.max(held.right, right);
      if (length > held.longest) Object.assign(held, { of: stretch, longest: length });
      continue;
    }
    flush();
    held = { left, right, of: stretch, longest: length };
  }
  flush();
  return drawn;
}
