import { useMemo } from 'react';
import { useAddress } from '../url/useAddress';
import { duration } from '../time/format';
import { Icon, type IconName } from '../ui/icons';
import { decimated, type Drawn } from './decimate';
import styles from './Timeline.module.css';
import { type Glyph, glyphsOf, type Row, type SegmentKind, type Timeline } from './timeline-rows';
import type { TimelineView } from './useTimelineView';
import { SEGMENT } from './words';

interface Props {
  readonly timeline: Timeline;
  readonly row: Row;
  readonly view: TimelineView;
}

/** What a line was doing when, drawn on the common scale. */
export function Bars({ timeline, row, view }: Props) {
  const { scale, end, zoom } = view;
  const drawn = useMemo(() => {
    const inside = stretches(row, timeline).filter(
      (one) => zoom === null || ((one.to_ms ?? end) >= zoom[0] && one.from_ms <= zoom[1]),
    );
    return decimated(inside, scale, end);
  }, [row, timeline, scale, end, zoom]);
  return (
    <>
      {scale.pieces.map((piece) =>
        piece.folded ? (
          <span
            key={piece.from}
            className={styles['gap']}
            style={{ left: piece.left, width: piece.right - piece.left }}
          />
        ) : null,
      )}
      {drawn.map((one) => (
        <Bar key={one.x} drawn={one} end={end} />
      ))}
      {row.kind === 'run' &&
        timeline.marks.map((mark) => (
          <span
            key={mark.sequence}
            className={styles['mark']}
            style={{ left: scale.x(mark.at_ms) }}
            title={`${mark.text} (+${duration(mark.at_ms)})`}
          />
        ))}
      {row.kind === 'step' &&
        glyphsOf(row.step, timeline).map((glyph, index) => (
          <GlyphMark
            key={index}
            glyph={glyph}
            left={scale.x(glyph.at)}
            width={scale.width}
            hidden={isOutside(glyph.at, view, end)}
          />
        ))}
    </>
  );
}

interface Stretch {
  readonly kind: SegmentKind | 'lane';
  readonly from_ms: number;
  readonly to_ms: number | null;
  readonly outcome?: 'ok' | 'error' | 'lost' | undefined;
}

function stretches(row: Row, timeline: Timeline): readonly Stretch[] {
  switch (row.kind) {
    case 'run':
      return timeline.segments;
    case 'lane':
      return (timeline.lanes[row.lane]?.spans ?? []).map((span) => ({ kind: 'lane', ...span }));
    case 'step':
      return row.step.segments;
    case 'part':
      return [row.segment];
  }
}

function Bar({ drawn, end }: { readonly drawn: Drawn<Stretch>; readonly end: number }) {
  const { x, width, of } = drawn;
  const { word, look, tone } = of.kind === 'lane' ? LANE : SEGMENT[of.kind];
  const looks = of.outcome === 'error' ? 'bad' : of.outcome === 'lost' ? 'unsure' : tone;
  return (
    <span
      className={styles['bar']}
      data-look={look}
      data-tone={looks}
      data-open={of.to_ms === null || undefined}
      style={{ left: x, width: Math.max(2, width) }}
      title={`${word} ${duration((of.to_ms ?? end) - of.from_ms)} (from +${duration(of.from_ms)})`}
    />
  );
}

const LANE = { word: 'In control', look: 'lane', tone: 'calm' } as const;

const isOutside = (at: number, { zoom }: TimelineView, end: number): boolean =>
  zoom !== null && (at < zoom[0] || at > Math.min(zoom[1], end));

const GLYPHS: { readonly [K in Glyph['kind']]: { readonly icon: IconName; readonly word: string } } = {
  deny: { icon: 'deny', word: 'Refused' },
  ask: { icon: 'hand', word: 'Approval asked for' },
  obligation: { icon: 'flag', word: 'Allowed with an obligation' },
  handoff: { icon: 'handoff', word: 'Handed over to' },
};

interface GlyphProps {
  readonly glyph: Glyph;
  readonly left: number;
  readonly width: number;
  readonly hidden: boolean;
}

/** Room for the words of a glyph, in pixels. */
const WORDS_PX = 150;

function GlyphMark({ glyph, left, width, hidden }: GlyphProps) {
  const { push } = useAddress();
  if (hidden) return null;
  const { icon, word } = GLYPHS[glyph.kind];
  const flip = left > width - WORDS_PX && glyph.kind !== 'ask' && glyph.kind !== 'obligation';
  if (glyph.kind === 'handoff') {
    return (
      <span className={styles['glyph']} data-kind="handoff" data-flip={flip || undefined} style={{ left }}>
        <Icon name={icon} size={13} /> {glyph.to}
      </span>
    );
  }
  const { decision } = glyph;
  const said = `${word}: ${decision.verdict === 'allow' ? (decision.obligations ?? []).join(', ') : decision.reason}`;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles['glyph']}
      data-kind={glyph.kind}
      data-flip={flip || undefined}
      style={{ left }}
      title={`${said}. Press for the explanation.`}
      aria-label={`${said}. Explain`}
      onClick={(event) => {
        event.stopPropagation();
        push({ tab: 'decisions', dec: decision.id });
      }}
    >
      <Icon name={icon} size={13} />
      {glyph.kind === 'deny' && <span>{decision.reason}</span>}
    </button>
  );
}
