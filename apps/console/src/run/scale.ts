/**
 * Where a moment of a run stands on the screen. Stretches in which nothing happened fold into a narrow strip, so that two
 * hours of waiting do not press two seconds of work into nothing.
 */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
  readonly folded: boolean;
}

export interface Scale {
  readonly width: number;
  readonly pieces: readonly Piece[];
  /** Pixels from the left of a moment, milliseconds since the run's start; clamped to the window. */
  x(ms: number): number;
  ms(x: number): number;
}

export interface ScaleInput {
  readonly from: number;
  readonly to: number;
  /** Stretches without work, in order, not overlapping. */
  readonly idle: readonly { readonly from: number; readonly to: number }[];
  /** Beginnings of the idle stretches somebody opened; `all` opens every one. */
  readonly open: ReadonlySet<number> | 'all';
  readonly width: number;
}

const FOLD_PX = 46;
const LEAST_IDLE_MS = 1_500;
/** An idle stretch folds when it is longer than this part of all the work. */
const PART_OF_WORK = 0.3;

export function buildScale({ from, to, idle, open, width }: ScaleInput): Scale {
  const end = Math.max(to, from + 1);
  const inside = idle
    .map((gap) => ({ key: gap.from, from: Math.max(gap.from, from), to: Math.min(gap.to, end) }))
    .filter((gap) => gap.to > gap.from);
  const work = end - from - inside.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const least = Math.max(LEAST_IDLE_MS, work * PART_OF_WORK);
  const folds = open === 'all' ? [] : inside.filter((gap) => gap.to - gap.from > least && !open.has(gap.key));
  const foldPx = folds.length === 0 ? 0 : Math.min(FOLD_PX, (width * 0.5) / folds.length);
  const straight = end - from - folds.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const perMs = (width - foldPx * folds.length) / Math.max(1, straight);
  const pieces: Piece[] = [];
  let at = from;
  let left = 0;
  const add = (until: number, folded: boolean): void => {
    if (until <= at) return;
    const right = left + (folded ? foldPx : (until - at) * perMs);
    pieces.push({ from: at, to: until, left, right, folded });
    at = until;
    left = right;
  };
  for (const fold of folds) {
    add(fold.from, false);
    add(fold.to, true);
  }
  add(end, false);
  return { width, pieces, x: (ms) => toX(pieces, ms), ms: (x) => toMs(pieces, x) };
}

function toX(pieces: readonly Piece[], ms: number): number {
  const piece = pieces.find((one) => ms <= one.to) ?? pieces.at(-1);
  if (!piece) return 0;
  const part = (Math.min(Math.max(ms, piece.from), piece.to) - piece.from) / (piece.to - piece.from);
  return piece.left + part * (piece.right - piece.left);
}

function toMs(pieces: readonly Piece[], x: number): number {
  const piece = pieces.find((one) => x <= one.right) ?? pieces.at(-1);
  if (!piece) return 0;
  const part =
    (Math.min(Math.max(x, piece.left), piece.right) - piece.left) / Math.max(0.001, piece.right - piece.left);
  return piece.from + part * (piece.to - piece.from);
}

const ROUND_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 144e5,
  432e5, 864e5,
];

export interface Tick {
  readonly ms: number;
  readonly x: number;
}

/** Round moments along the straight pieces, at least `gap` pixels apart. */
export function axisTicks(scale: Scale, gap: number): { readonly step: number; readonly ticks: readonly Tick[] } {
  const straight = scale.pieces.filter((piece) => !piece.folded);
  const longest = straight.reduce(
    (best, one) => (one.right - one.left > best.right - best.left ? one : best),
    straight[0] ?? { left: 0, right: 1, from: 0, to: 1 },
  );
  const perPx = (longest.to - longest.from) / Math.max(1, longest.right - longest.left);
  const step = ROUND_MS.find((one) => one / perPx >= gap) ?? 864e5;
  const found: { ms: number; x: number }[] = [];
  for (const piece of straight) {
    for (let ms = Math.ceil(piece.from / step) * step; ms <= piece.to; ms += step) {
      const x = scale.x(ms);
      if (x - (found.at(-1)?.x ?? -gap) >= gap * 0.8) found.push({ ms, x });
    }
  }
  return { step, ticks: found };
}
