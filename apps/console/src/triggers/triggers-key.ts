/** Under which the listed triggers are kept, to be asked for again after a change. */
export const TRIGGERS_KEY = ['triggers'] as const;
