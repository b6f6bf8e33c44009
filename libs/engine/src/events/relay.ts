import type { JsonObject } from '@writ/kernel';

/** An external framework, in the place of an agent's own turns, asked for a model's turn or a tool's call. */
export interface RelayAsked {
  readonly type: 'relay_asked';
  readonly at: number;
  /** The node that the framework works for, and the branch of it that this is: the asking is decided and done there. */
  readonly path: string;
  readonly key: string;
  readonly kind: 'model' | 'tool';
  readonly target: string;
  /** Of kind, target and request: a framework that begins anew and asks the same is given what came of it. */
  readonly digest: string;
  readonly request?: JsonObject;
  readonly request_ref?: string;
}
