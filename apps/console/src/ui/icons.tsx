import type { ReactNode } from 'react';

/** Drawn on a 16 × 16 grid with one stroke weight. An icon never speaks alone: a word stands beside it or labels it. */
const PATHS = {
  runs: <path d="M2.5 4h7M2.5 8h11M2.5 12h5" />,
  audit: (
    <>
      <path d="M8 1.8l5.2 2v4.1c0 3-2.1 5.3-5.2 6.3-3.1-1-5.2-3.3-5.2-6.3V3.8z" />
      <path d="M5.7 8l1.7 1.7 3-3.3" />
    </>
  ),
  policy: (
    <>
      <path d="M3.6 1.9h6l2.8 2.8v9.4H3.6z" />
      <path d="M5.8 7.2h4.4M5.8 9.6h4.4M5.8 12h2.4" />
    </>
  ),
  budget: (
    <>
      <path d="M2 11.5a6 6 0 1 1 12 0" />
      <path d="M8 11.5l3-4.2M2 13.8h12" />
    </>
  ),
  search: (
    <>
      <circle cx="7" cy="7" r="4.3" />
      <path d="M10.3 10.3l3.2 3.2" />
    </>
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="5.8" />
      <path d="M8 4.8V8l2.3 1.6" />
    </>
  ),
  stop: (
    <>
      <path d="M5.4 1.9h5.2l3.5 3.5v5.2l-3.5 3.5H5.4l-3.5-3.5V5.4z" />
      <path d="M6 6h4v4H6z" fill="currentColor" stroke="none" />
    </>
  ),
  help: (
    <>
      <circle cx="8" cy="8" r="5.8" />
      <path d="M6.3 6.3a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.9.7-.9 1.3M8 11.4v.1" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5.4" r="2.6" />
      <path d="M2.9 13.7c.5-2.7 2.5-4.2 5.1-4.2s4.6 1.5 5.1 4.2" />
    </>
  ),
  bell: <path d="M4.2 11.4V7.2a3.8 3.8 0 0 1 7.6 0v4.2l1 1.2H3.2zM6.8 13.6a1.3 1.3 0 0 0 2.4 0" />,
  check: <path d="M3.2 8.4l3.1 3.1 6.5-7" />,
  cross: <path d="M4 4l8 8M12 4l-8 8" />,
  deny: (
    <>
      <circle cx="8" cy="8" r="5.8" />
      <path d="M4 12L12 4" />
    </>
  ),
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" strokeWidth="2.2" />,
  play: <path d="M4.8 3.2l8 4.8-8 4.8z" />,
  hand: (
    <path d="M5.4 8V3.9a1 1 0 0 1 2 0V7m0-.3V2.8a1 1 0 0 1 2 0V7m0-.6V4a1 1 0 0 1 2 0v5.4c0 2.9-1.5 4.6-4 4.6-2 0-3-.9-4-2.8L2.6 9a1 1 0 0 1 1.7-1l1.1 1.4" />
  ),
  handoff: <path d="M2.5 10.8c.2-3.4 2.4-5.3 6-5.3h4.6M10.4 2.6l2.9 2.9-2.9 2.9" />,
  model: <path d="M8 2l1.4 4.1L13.5 8l-4.1 1.6L8 14l-1.4-4.4L2.5 8l4.1-1.9z" />,
  tool: (
    <path d="M9.6 6.4l3.9-3.9M11 2.2a3.4 3.4 0 0 0-4.3 4.3L2.4 10.8a1.6 1.6 0 0 0 2.4 2.4l4.3-4.3A3.4 3.4 0 0 0 13.8 5" />
  ),
  data: (
    <>
      <ellipse cx="8" cy="4" rx="5" ry="2" />
      <path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2" />
    </>
  ),
  agent: (
    <>
      <rect x="3" y="5.2" width="10" height="7.6" rx="2" />
      <path d="M8 5.2V2.6M6 8.6v.9M10 8.6v.9" />
    </>
  ),
  flag: <path d="M4 14V2.6h7.6L9.8 5.4l1.8 2.8H4" />,
  warn: (
    <>
      <path d="M8 2.2l6.2 11.2H1.8z" />
      <path d="M8 6.4v3.2M8 11.5v.1" />
    </>
  ),
  unsure: (
    <>
      <path d="M8 1.9L14.1 8 8 14.1 1.9 8z" />
      <path d="M6.7 6.6a1.4 1.4 0 1 1 2 1.3c-.5.2-.7.5-.7 1M8 10.7v.1" />
    </>
  ),
  retry: <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.4v2.9h-2.9" />,
  down: <path d="M4 6.2l4 4 4-4" />,
  right: <path d="M6.2 4l4 4-4 4" />,
  left: <path d="M9.8 4l-4 4 4 4" />,
  link: (
    <path d="M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.8-.8" />
  ),
  copy: (
    <>
      <rect x="5.5" y="5.5" width="7.5" height="8" rx="1.2" />
      <path d="M3 10.5V3.7c0-.7.5-1.2 1.2-1.2h5.3" />
    </>
  ),
  key: (
    <>
      <circle cx="5.2" cy="10.4" r="2.7" />
      <path d="M7.2 8.5l5.9-5.9M10.6 5l1.8 1.8" />
    </>
  ),
  download: <path d="M8 2.4v7.4M4.9 7l3.1 3.1L11.1 7M2.8 13.4h10.4" />,
  filter: <path d="M2.2 3.4h11.6L9.4 8.6v4.2l-2.8 1V8.6z" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.6v1.6M8 12.8v1.6M1.6 8h1.6M12.8 8h1.6M3.5 3.5l1.1 1.1M11.4 11.4l1.1 1.1M12.5 3.5l-1.1 1.1M4.6 11.4l-1.1 1.1" />
    </>
  ),
  dots: <path d="M3.5 8h.1M8 8h.1M12.5 8h.1" strokeWidth="2.2" />,
  columns: <path d="M2.4 3h11.2v10H2.4zM6.2 3v10M9.9 3v10" />,
  live: (
    <>
      <circle cx="8" cy="8" r="2.2" fill="currentColor" stroke="none" />
      <path d="M4.4 11.6a5.1 5.1 0 0 1 0-7.2M11.6 4.4a5.1 5.1 0 0 1 0 7.2" />
    </>
  ),
  fold: <path d="M5.5 2.5v11M10.5 2.5v11M1.5 8h2.2M14.5 8h-2.2" />,
} as const satisfies { readonly [name: string]: ReactNode };

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 14 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {PATHS[name]}
    </svg>
  );
}
