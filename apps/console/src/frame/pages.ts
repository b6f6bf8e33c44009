import type { IconName } from '../ui/icons';

interface Page {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
  readonly keys: string;
  /** What a key must allow for the page to show anything; absent where it shows what is one’s own. */
  readonly reads?: string;
}

/** The pages there are. A page that is not built yet is not named anywhere. */
export const PAGES = [
  { to: '/runs', label: 'Runs', icon: 'runs', keys: 'g r', reads: 'run.read' },
  { to: '/batches', label: 'Batches', icon: 'columns', keys: 'g c', reads: 'run.read' },
  { to: '/approvals', label: 'Approvals', icon: 'hand', keys: 'g a' },
  { to: '/questions', label: 'Questions', icon: 'help', keys: 'g q' },
  { to: '/reviews', label: 'Reviews', icon: 'flag', keys: 'g v', reads: 'review.read' },
  { to: '/inventory', label: 'Inventory', icon: 'agent', keys: 'g i' },
  { to: '/triggers', label: 'Triggers', icon: 'clock', keys: 'g t', reads: 'trigger.read' },
  { to: '/audit', label: 'Audit', icon: 'audit', keys: 'g l', reads: 'audit.read' },
  { to: '/policy', label: 'Policy', icon: 'policy', keys: 'g p', reads: 'policy.read' },
  { to: '/ask', label: 'Ask', icon: 'search', keys: 'g w' },
  { to: '/guardrails', label: 'Guardrails', icon: 'filter', keys: 'g d', reads: 'policy.read' },
  { to: '/budgets', label: 'Budgets', icon: 'budget', keys: 'g b', reads: 'budget.read' },
  { to: '/models', label: 'Models', icon: 'model', keys: 'g m', reads: 'budget.read' },
  { to: '/api-keys', label: 'API keys', icon: 'key', keys: 'g k', reads: 'key.manage' },
  { to: '/subscriptions', label: 'Subscriptions', icon: 'bell', keys: 'g n', reads: 'subscription.read' },
  { to: '/stops', label: 'Stops', icon: 'stop', keys: 'g s', reads: 'stop.read' },
] as const satisfies readonly Page[];
