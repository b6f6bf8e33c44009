/** What each page keeps in its address. A run carries its list's search too, so that next and previous mean the list. */
export const RUNS_SEARCH = ['q', 'from', 'to', 'tz', 'basis', 'sort', 'sel', 'cols', 'dense', 'view'] as const;
export const RUN_SEARCH = [...RUNS_SEARCH, 'tab', 'step', 'dec', 'zoom', 'group', 'fold', 'evt', 'q2'] as const;
export const STOPS_SEARCH = ['sel', 'view'] as const;
export const AUDIT_SEARCH = ['q', 'from', 'to', 'tz', 'sort', 'sel', 'by', 'cols', 'dense', 'view'] as const;
export const APPROVALS_SEARCH = ['q', 'tab', 'sel', 'cols', 'dense', 'view', 'tz'] as const;
export const QUESTIONS_SEARCH = ['tab', 'sel', 'view', 'tz'] as const;
export const REVIEWS_SEARCH = ['tab', 'sel', 'view', 'tz'] as const;
export const INVENTORY_SEARCH = ['kind', 'tier', 'state', 'sel', 'tz'] as const;
export const ASK_SEARCH = ['q', 'tz'] as const;
export const MODELS_SEARCH = ['sel', 'tz'] as const;
export const COMPARE_SEARCH = ['a', 'b', 'only', 'tz'] as const;
export const SUBSCRIPTIONS_SEARCH = ['sel', 'tz'] as const;
export const BATCHES_SEARCH = ['sel', 'state', 'tz'] as const;
export const POLICY_SEARCH = ['tab', 'q', 'sel', 'tz'] as const;
export const API_KEYS_SEARCH = ['tz'] as const;
