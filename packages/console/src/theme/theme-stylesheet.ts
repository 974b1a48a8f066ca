/**
 * Writes the theme's CSS variables into a static stylesheet. Mantine would otherwise add them as
 * a `<style>` element at run time, which a policy without 'unsafe-inline' refuses.
 */
import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from '@mantine/core';
import type { Plugin } from 'vite';

import { theme } from './theme.ts';

const name = 'virtual:theme.css';
const resolved = `\0${name}`;

export function themeStylesheet(): Plugin {
  return {
    name: 'lazaret-theme-stylesheet',
    resolveId: (id) => (id === name ? resolved : undefined),
    load(id) {
      if (id !== resolved) return undefined;
      const merged = mergeMantineTheme(DEFAULT_THEME, theme);
      return convertCssVariables(defaultCssVariablesResolver(merged), ':root');
    },
  };
}
