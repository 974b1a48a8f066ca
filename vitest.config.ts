import { defineConfig } from 'vitest/config';

import { chooseProjects } from './test/choose-project.ts';

const { unit, slow, system } = chooseProjects();

export default defineConfig({
  test: {
    // Real databases, containers and browsers on two cores: half of the time a file waits for one
    // of them, and more than three only take the processor from each other.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Polling allows for a busy machine.
    expect: { poll: { timeout: 20_000 } },
    restoreMocks: true,
    reporters: process.env['CI'] === undefined ? ['default'] : ['default', 'verbose'],
    projects: [
      // Quick and pure: `npm run check` runs these alone. They share the modules of their process,
      // since loading those again for every file takes longer than the tests.
      { extends: true, test: { name: 'unit', include: unit, isolate: false } },
      { extends: true, test: { name: 'slow', include: slow, isolate: false } },
      {
        extends: true,
        test: { name: 'system', include: system, globalSetup: ['./test/global-setup.ts'] },
      },
    ],
  },
});
