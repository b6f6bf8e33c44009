export type Panel = 'palette' | 'keys' | 'stop' | null;
