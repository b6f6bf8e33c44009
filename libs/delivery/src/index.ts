export { Dispatcher, type DispatcherOptions } from './dispatcher';
export { subscriptions } from './subscriptions';
export { type DeadLetter, type Delivery, type Subscription } from './types';
