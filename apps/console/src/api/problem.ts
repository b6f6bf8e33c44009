import { WritError } from '@writ/sdk';

/** What went wrong, in the words a person reads and hands on. */
export interface Trouble {
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  readonly status: number;
  readonly requestId: string | null;
  /** Trying the same again may help. */
  readonly retryable: boolean;
  /** Places of the request that were wrong, such as `/filter`. */
  readonly fields: readonly { readonly pointer: string; readonly message: string }[];
  readonly next: readonly string[];
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof WritError) {
    const { problem } = error;
    return {
      title: problem?.title ?? TITLES[error.code] ?? 'The request failed',
      detail: problem?.detail ?? error.message,
      code: error.code,
      status: error.status,
      requestId: error.requestId,
      retryable: error.retryable,
      fields: problem?.errors ?? [],
      next: problem?.next_actions.map((action) => action.description) ?? [],
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return {
    title: 'The console failed',
    detail: `${detail}. This is a defect of ours.`,
    code: 'console',
    status: 0,
    requestId: null,
    retryable: false,
    fields: [],
    next: [],
  };
}

const TITLES: { readonly [code: string]: string } = {
  connection_failed: 'The control plane cannot be reached',
  timed_out: 'The control plane did not answer in time',
  unexpected_answer: 'The answer is not one of the API’s',
};

/** Everything support needs, as text for the clipboard: no credential, no content. */
export function forSupport(trouble: Trouble, where: string): string {
  return [
    `title: ${trouble.title}`,
    `code: ${trouble.code} (HTTP ${trouble.status})`,
    `detail: ${trouble.detail}`,
    `request: ${trouble.requestId ?? 'none'}`,
    `page: ${where}`,
    `time: ${new Date().toISOString()}`,
  ].join('\n');
}
