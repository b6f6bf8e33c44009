import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import type { ReactNode } from 'react';
import { theme } from './theme';

const LOOK_KEY = 'writ-look';

const manager = localStorageColorSchemeManager({ key: LOOK_KEY });

/**
 * The console's look: light, dark, or as the system has it. Nothing here makes a style element, so that the page's
 * Content-Security-Policy can refuse them all.
 */
export function Look({ children }: { readonly children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      colorSchemeManager={manager}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      {children}
    </MantineProvider>
  );
}
