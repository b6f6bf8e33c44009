/** Opens the stop dialog with something already named in it, from wherever that something is shown. */
export interface StopRequest {
  readonly scope: 'agent' | 'tool' | 'workflow' | 'run' | 'model' | 'tenant';
  readonly target: string;
}

let asked: ((request: StopRequest) => void) | null = null;

export const openStops = (request: StopRequest): void => asked?.(request);

export function onStopRequest(listener: (request: StopRequest) => void): () => void {
  asked = listener;
  return () => {
    if (asked === listener) asked = null;
  };
}
