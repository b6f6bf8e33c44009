export { Dispatcher, type DispatcherOptions } from './dispatcher';
export { subscriptions } from './subscriptions';
export { type DeadLetter, type Delivery, NOTICES, type Subscription } from './types';
