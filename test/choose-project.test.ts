/** Tests with real components are not in the quick project, and every test belongs to a project. */
import { expect, test } from 'vitest';

import { chooseProject, chooseProjects } from './choose-project.ts';
import { listFiles } from './source/source-file.ts';

test.each([
  [`import { inject, test } from 'vitest';`, 'system'],
  [`import { createTestDatabase } from '../testing/database.ts';`, 'system'],
  [`import { spawn } from 'node:child_process';`, 'system'],
  [`import { chromium } from 'playwright-core';`, 'system'],
  [`import { buildEngines } from '@lazaret/setup';`, 'system'],
  [`import { test, vi } from 'vitest'; test('a', () => vi.stubEnv('HOME', ''));`, 'system'],
  [`// Not in the quick check: hashes passwords.\nimport { test } from 'vitest';`, 'slow'],
  [
    `// Not in the quick check: packs files.\nimport { spawn } from 'node:child_process';`,
    'system',
  ],
  [`import { expect, test } from 'vitest';`, 'unit'],
  [`import { parse } from './parse.ts'; const text = "from '../testing/database.ts'";`, 'unit'],
])('%s', (text, project) => {
  expect(chooseProject('packages/cli/src/a.test.ts', text)).toBe(project);
});

test('every test file belongs to one project', () => {
  const { unit, slow, system } = chooseProjects();
  const all = listFiles().filter((path) => /\.test\.tsx?$/.test(path));
  expect([...unit, ...slow, ...system].toSorted()).toEqual(all.toSorted());
  expect(unit.length).toBeGreaterThan(20);
  expect(slow.length).toBeGreaterThan(5);
  expect(system.length).toBeGreaterThan(20);
});
