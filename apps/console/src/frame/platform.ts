const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

/** The key that commands go with, as it is written on this machine. */
export const commandKey = isApple ? '⌘' : 'Ctrl ';
