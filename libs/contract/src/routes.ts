import type { z } from 'zod';
import { accessRoutes } from './access';
import { accessRequestRoutes } from './access-requests';
import { approvalRoutes } from './approvals';
import { auditRoutes } from './audit';
import { auditLogRoutes } from './audit-log';
import { admissionRoutes } from './admission';
import { batchRoutes } from './batches';
import { budgetRoutes } from './budgets';
import { configRoutes } from './config';
import { decisionRoutes } from './decisions';
import { delegationRoutes } from './delegations';
import { explainRoutes } from './explain';
import { directoryRoutes } from './directory';
import { inventoryRoutes } from './inventory';
import { keyRoutes } from './keys';
import { liveRoutes } from './live';
import { lookupRoutes } from './lookup';
import { modelRoutes } from './models';
import { policyRoutes } from './policies';
import { questionRoutes } from './questions';
import { guardrailRoutes } from './guardrails';
import { reachRoutes } from './reach';
import { reviewRoutes } from './reviews';
import type { Route } from './route';
import { runForkRoutes } from './run-forks';
import { runUpgradeRoutes } from './run-upgrades';
import { runViewRoutes } from './run-views';
import { runSteeringRoutes } from './run-steering';
import { runRoutes } from './runs';
import { sessionRoutes } from './session';
import { standInRoutes } from './stand-ins';
import { stopRoutes } from './stops';
import { subscriptionRoutes } from './subscriptions';
import { systemRoutes } from './system';
import { triggerRoutes } from './triggers';

/** The whole HTTP API. The key of each entry is its `operationId`. */
export const ROUTES = {
  ...runRoutes,
  ...runSteeringRoutes,
  ...runViewRoutes,
  ...runForkRoutes,
  ...runUpgradeRoutes,
  ...decisionRoutes,
  ...delegationRoutes,
  ...explainRoutes,
  ...accessRoutes,
  ...accessRequestRoutes,
  ...directoryRoutes,
  ...approvalRoutes,
  ...standInRoutes,
  ...questionRoutes,
  ...reviewRoutes,
  ...inventoryRoutes,
  ...auditRoutes,
  ...auditLogRoutes,
  ...liveRoutes,
  ...batchRoutes,
  ...stopRoutes,
  ...triggerRoutes,
  ...subscriptionRoutes,
  ...budgetRoutes,
  ...admissionRoutes,
  ...modelRoutes,
  ...configRoutes,
  ...policyRoutes,
  ...reachRoutes,
  ...guardrailRoutes,
  ...keyRoutes,
  ...sessionRoutes,
  ...lookupRoutes,
  ...systemRoutes,
} as const satisfies { readonly [operationId: string]: Route };

export type OperationId = keyof typeof ROUTES;
type RouteOf<O extends OperationId> = (typeof ROUTES)[O];

type Read<S> = S extends z.ZodType ? z.output<S> : undefined;
type Write<S> = S extends z.ZodType ? z.input<S> : undefined;
type Part<O extends OperationId, K extends 'params' | 'query'> =
  RouteOf<O> extends { readonly [P in K]: infer S } ? S : undefined;
type Body<O extends OperationId> = RouteOf<O> extends { readonly body: { readonly schema: infer S } } ? S : undefined;

/** What a handler is given: parsed, with defaults filled in; `undefined` for parts the route does not have. */
export interface ParsedRequest<O extends OperationId> {
  readonly params: Read<Part<O, 'params'>>;
  readonly query: Read<Part<O, 'query'>>;
  readonly body: Read<Body<O>>;
}

/** What a client sends, before defaults. */
export interface RequestOf<O extends OperationId> {
  readonly params: Write<Part<O, 'params'>>;
  readonly query: Write<Part<O, 'query'>>;
  readonly body: Write<Body<O>>;
}

type Outcomes<O extends OperationId> = RouteOf<O>['responses'];
/** The body of success. */
export type ResponseOf<O extends OperationId> = {
  [S in keyof Outcomes<O>]: Outcomes<O>[S] extends { readonly schema: infer T } ? Read<T> : never;
}[keyof Outcomes<O>];

/** The item of a list operation. */
export type ItemOf<O extends OperationId> = ResponseOf<O> extends { readonly data: readonly (infer T)[] } ? T : never;

/** Operations that answer with pages. */
export type ListOperation = {
  [O in OperationId]: ResponseOf<O> extends { readonly next_cursor: string | null } ? O : never;
}[OperationId];
