export const MODELS_KEY = ['models'] as const;
