export const POLICY_KEY = ['policy'] as const;
