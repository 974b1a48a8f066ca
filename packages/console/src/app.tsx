import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { type ReactNode, StrictMode } from 'react';

import { queryClient } from './data.ts';
import { router } from './router.tsx';
import { theme } from './theme/theme.ts';

const schemes = localStorageColorSchemeManager({ key: 'lazaret-color-scheme' });

export function App(): ReactNode {
  return (
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        colorSchemeManager={schemes}
        // Both would add style elements at run time; theme-stylesheet.ts writes them at build time.
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <Notifications position="bottom-right" />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  );
}
