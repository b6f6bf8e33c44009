import type { IconName } from '../ui/icons';

/** The pages there are. A page that is not built yet is not named anywhere. */
export const PAGES = [
  { to: '/runs', label: 'Runs', icon: 'runs', keys: 'g r' },
  { to: '/batches', label: 'Batches', icon: 'columns', keys: 'g c' },
  { to: '/approvals', label: 'Approvals', icon: 'hand', keys: 'g a' },
  { to: '/questions', label: 'Questions', icon: 'help', keys: 'g q' },
  { to: '/reviews', label: 'Reviews', icon: 'flag', keys: 'g v' },
  { to: '/inventory', label: 'Inventory', icon: 'agent', keys: 'g i' },
  { to: '/triggers', label: 'Triggers', icon: 'clock', keys: 'g t' },
  { to: '/audit', label: 'Audit', icon: 'audit', keys: 'g l' },
  { to: '/policy', label: 'Policy', icon: 'policy', keys: 'g p' },
  { to: '/ask', label: 'Ask', icon: 'search', keys: 'g w' },
  { to: '/guardrails', label: 'Guardrails', icon: 'filter', keys: 'g d' },
  { to: '/budgets', label: 'Budgets', icon: 'budget', keys: 'g b' },
  { to: '/models', label: 'Models', icon: 'model', keys: 'g m' },
  { to: '/api-keys', label: 'API keys', icon: 'key', keys: 'g k' },
  { to: '/subscriptions', label: 'Subscriptions', icon: 'bell', keys: 'g n' },
  { to: '/stops', label: 'Stops', icon: 'stop', keys: 'g s' },
] as const satisfies readonly { to: string; label: string; icon: IconName; keys: string }[];
