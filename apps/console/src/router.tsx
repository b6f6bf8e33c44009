import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { NotFound } from './frame/NotFound';
import { PageFault } from './frame/PageFault';
import { Shell } from './frame/Shell';
import { RunsPage } from './runs/RunsPage';
import {
  API_KEYS_SEARCH,
  APPROVALS_SEARCH,
  ASK_SEARCH,
  AUDIT_SEARCH,
  BATCHES_SEARCH,
  COMPARE_SEARCH,
  INVENTORY_SEARCH,
  MODELS_SEARCH,
  POLICY_SEARCH,
  QUESTIONS_SEARCH,
  REVIEWS_SEARCH,
  RUN_SEARCH,
  RUNS_SEARCH,
  STOPS_SEARCH,
  SUBSCRIPTIONS_SEARCH,
} from './url/names';
import { keep, parseSearch, stringifySearch } from './url/search';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => redirect({ to: '/runs', replace: true, throw: true }),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: keep(...RUNS_SEARCH),
  component: RunsPage,
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  validateSearch: keep(...RUN_SEARCH),
  component: lazyRouteComponent(() => import('./run/RunPage'), 'RunPage'),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: '/compare',
  validateSearch: keep(...COMPARE_SEARCH),
  component: lazyRouteComponent(() => import('./compare/ComparePage'), 'ComparePage'),
});

const batches = createRoute({
  getParentRoute: () => root,
  path: '/batches',
  validateSearch: keep(...BATCHES_SEARCH),
  component: lazyRouteComponent(() => import('./batches/BatchesPage'), 'BatchesPage'),
});

const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: keep(...APPROVALS_SEARCH),
  component: lazyRouteComponent(() => import('./approvals/ApprovalsPage'), 'ApprovalsPage'),
});

const questions = createRoute({
  getParentRoute: () => root,
  path: '/questions',
  validateSearch: keep(...QUESTIONS_SEARCH),
  component: lazyRouteComponent(() => import('./questions/QuestionsPage'), 'QuestionsPage'),
});

const reviews = createRoute({
  getParentRoute: () => root,
  path: '/reviews',
  validateSearch: keep(...REVIEWS_SEARCH),
  component: lazyRouteComponent(() => import('./reviews/ReviewsPage'), 'ReviewsPage'),
});

const inventory = createRoute({
  getParentRoute: () => root,
  path: '/inventory',
  validateSearch: keep(...INVENTORY_SEARCH),
  component: lazyRouteComponent(() => import('./inventory/InventoryPage'), 'InventoryPage'),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: keep(...AUDIT_SEARCH),
  component: lazyRouteComponent(() => import('./audit/AuditPage'), 'AuditPage'),
});

const ask = createRoute({
  getParentRoute: () => root,
  path: '/ask',
  validateSearch: keep(...ASK_SEARCH),
  component: lazyRouteComponent(() => import('./ask/AskPage'), 'AskPage'),
});

const policy = createRoute({
  getParentRoute: () => root,
  path: '/policy',
  validateSearch: keep(...POLICY_SEARCH),
  component: lazyRouteComponent(() => import('./policy/PolicyPage'), 'PolicyPage'),
});

const apiKeys = createRoute({
  getParentRoute: () => root,
  path: '/api-keys',
  validateSearch: keep(...API_KEYS_SEARCH),
  component: lazyRouteComponent(() => import('./api-keys/ApiKeysPage'), 'ApiKeysPage'),
});

const triggers = createRoute({
  getParentRoute: () => root,
  path: '/triggers',
  component: lazyRouteComponent(() => import('./triggers/TriggersPage'), 'TriggersPage'),
});

const guardrails = createRoute({
  getParentRoute: () => root,
  path: '/guardrails',
  component: lazyRouteComponent(() => import('./guardrails/GuardrailsPage'), 'GuardrailsPage'),
});

const budgets = createRoute({
  getParentRoute: () => root,
  path: '/budgets',
  component: lazyRouteComponent(() => import('./budgets/BudgetsPage'), 'BudgetsPage'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: keep(...MODELS_SEARCH),
  component: lazyRouteComponent(() => import('./models/ModelsPage'), 'ModelsPage'),
});

const subscriptions = createRoute({
  getParentRoute: () => root,
  path: '/subscriptions',
  validateSearch: keep(...SUBSCRIPTIONS_SEARCH),
  component: lazyRouteComponent(() => import('./subscriptions/SubscriptionsPage'), 'SubscriptionsPage'),
});

const stops = createRoute({
  getParentRoute: () => root,
  path: '/stops',
  validateSearch: keep(...STOPS_SEARCH),
  component: lazyRouteComponent(() => import('./stops/StopsPage'), 'StopsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    runs,
    run,
    compare,
    batches,
    approvals,
    questions,
    reviews,
    inventory,
    audit,
    policy,
    apiKeys,
    ask,
    triggers,
    guardrails,
    budgets,
    models,
    subscriptions,
    stops,
  ]),
  parseSearch,
  stringifySearch,
  defaultErrorComponent: PageFault,
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
