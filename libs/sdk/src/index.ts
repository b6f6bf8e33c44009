export type { AccessWish, Authorization } from './authorize';
export type { List } from './caller';
export { WritClient } from './client';
export { type ClientCode, WritError } from './error';
export type { CallOptions, ClientOptions } from './transport';
export type { MessageDelta, RunStreamEvent, TenantStreamEvent } from './streams';
