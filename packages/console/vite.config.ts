import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

import { themeStylesheet } from './src/theme/theme-stylesheet.ts';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react(), themeStylesheet()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // Fonts and images as files: the policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_500,
    reportCompressedSize: false,
  },
});
