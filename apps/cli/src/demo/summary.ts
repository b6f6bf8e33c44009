import type { Paint } from '../output/paint';

interface Summary {
  readonly ok: boolean;
  readonly seconds: number;
  readonly url: string;
  readonly api_key: string;
  /** Verifier key of the log: the terminal is another way than the page. */
  readonly log_key: string;
  readonly folder: string;
  readonly failed: string | null;
  /** Whether the product goes on running, and whether its data outlives it. */
  readonly stays: boolean;
  readonly kept: boolean;
}

/** The card at the end: how it went, where the console is, what next, and what is left on this machine. */
export function summaryText(paint: Paint, demo: Summary): string {
  const head = demo.ok
    ? `Every act held, in ${demo.seconds.toFixed(1)} s.`
    : `The act "${demo.failed}" failed, after ${demo.seconds.toFixed(1)} s.`;
  const link = `${demo.url}/#key=${demo.api_key}&log=${encodeURIComponent(demo.log_key)}`;
  const card = demo.stays
    ? [
        `Console  ${link}`,
        `CLI      WRIT_HOME=${demo.folder} ./writ runs list`,
        `Proof    WRIT_HOME=${demo.folder} ./writ audit verify`,
        `Stop     Ctrl-C${demo.kept ? '' : ', and nothing of it is left'}`,
      ]
    : [`Console  ${demo.url} while it ran; to look around in it: npm run demo -- --keep-open`];
  const data = demo.kept
    ? [`Data     ${demo.folder}; go on with it: WRIT_HOME=${demo.folder} npm start`]
    : demo.stays
      ? []
      : ['Data     its folder is removed; nothing of it is left on this machine'];
  const lines = [...card, ...data, 'Next     npm start, then docs/guides/first-workflow.md'];
  return `\n  ${paint.bold(head)}\n\n${lines.map((line) => `  ${line}\n`).join('')}\n`;
}
