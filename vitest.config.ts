import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['./test/global-setup.ts'],
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/console/src/**/*.test.tsx',
      'engines/**/*.test.ts',
      'tools/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    // Real databases, containers and browsers on two cores: files in parallel beyond that only wait.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
    reporters: process.env['CI'] === undefined ? ['default'] : ['default', 'verbose'],
  },
});
