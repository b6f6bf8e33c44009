import { createParamDecorator, Delete, type ExecutionContext, Get, HttpCode, Post, SetMetadata } from '@nestjs/common';
import type { Caller } from '@writ/identity';
import type { Result, TenantId } from '@writ/kernel';
import {
  type ItemOf,
  type ListOperation,
  type OperationId,
  type ParsedRequest,
  type ResponseOf,
  type Route,
  ROUTES,
  successStatus,
} from '@writ/contract';
import { answerTo, type Paged, type Raw, type WithHeaders, type WithStatus } from './answer';
import { type AnyCall, stateOf } from './state';

/** A request that is authenticated (where the route asks for it) and fits its schemas. */
export interface Call<O extends OperationId> extends AnyCall, ParsedRequest<O> {
  readonly operation: O;
  readonly params: ParsedRequest<O>['params'];
  readonly query: ParsedRequest<O>['query'];
  readonly body: ParsedRequest<O>['body'];
}

/** What of a list's answer the frame does not make: its items, where it goes on, and whatever stands beside the items. */
export type AnswerOf<O extends OperationId> = O extends ListOperation
  ? Paged<ItemOf<O>> & Omit<ResponseOf<O>, 'data' | 'has_more' | 'next_cursor'>
  : ResponseOf<O>;

type Handler<O extends OperationId> = (
  call: Call<O>,
) => Promise<Result<AnswerOf<O> | WithStatus | Raw | WithHeaders<AnswerOf<O>>>>;

const OPERATION = 'writ:operation';
const METHODS = { GET: Get, POST: Post, DELETE: Delete };

/**
 * Binds a handler to its operation: method, path and status come from the contract, and the compiler checks the rest. What
 * it returns is made into the answer.
 */
export function Operation<O extends OperationId>(operation: O) {
  const route: Route = ROUTES[operation];
  const whole = route.path.replace(/\{(\w+)\}/g, ':$1');
  // The router's own word for the rest of a path; the guard that parses gives it its name back.
  const path = route.rest ? whole.replace(/:\w+$/, '*') : whole;
  const decorators = [METHODS[route.method](path), HttpCode(successStatus(route)), SetMetadata(OPERATION, operation)];
  return <F extends Handler<O>>(target: object, key: string, descriptor: TypedPropertyDescriptor<F>): void => {
    const handle = descriptor.value!;
    const answered = async function (this: unknown, call: Call<O>): Promise<unknown> {
      return answerTo(call, await handle.call(this, call));
    };
    // Nest tells of a handler by the name of its function.
    Object.defineProperty(answered, 'name', { value: key });
    descriptor.value = answered as F;
    for (const decorate of decorators) decorate(target, key, descriptor as TypedPropertyDescriptor<unknown>);
  };
}

export function operationOf(context: ExecutionContext): OperationId {
  const operation = Reflect.getMetadata(OPERATION, context.getHandler()) as OperationId | undefined;
  if (operation === undefined) throw new Error(`${context.getHandler().name} answers to no operation of the contract`);
  return operation;
}

/** The parsed request, as the only argument of a handler. */
export const ThisCall = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return stateOf(context.switchToHttp().getRequest<object>()).call;
});

/** Who calls. Only public operations have no caller, and none of those asks. */
export function callerOf(call: AnyCall): Caller {
  if (!call.state.caller) throw new Error(`${call.operation} asked for its caller and has none`);
  return call.state.caller;
}

export const tenantOf = (call: AnyCall): TenantId => callerOf(call).principal.tenant;
