/** Tests on real parts stay out of the quick loop, and no test is lost between the projects. */
import { expect, test } from 'vitest';

import { chooseProjects, needsProcess } from './choose-project.ts';
import { listFiles } from './source/source-file.ts';

test.each([
  [`import { inject, test } from 'vitest';`, true],
  [`import { createTestDatabase } from '../testing/database.ts';`, true],
  [`import { spawn } from 'node:child_process';`, true],
  [`import { chromium } from 'playwright-core';`, true],
  [`import { buildEngines } from '@lazaret/setup';`, true],
  [`import { test, vi } from 'vitest'; test('a', () => vi.stubEnv('HOME', ''));`, true],
  [`// Not in the quick check: hashes passwords.\nimport { test } from 'vitest';`, true],
  [`import { expect, test } from 'vitest';`, false],
  [`import { parse } from './parse.ts'; const text = "from '../testing/database.ts'";`, false],
])('%s', (text, real) => {
  expect(needsProcess('packages/cli/src/a.test.ts', text)).toBe(real);
});

test('every test file belongs to one project', () => {
  const { unit, system } = chooseProjects();
  const all = listFiles().filter((path) => /\.test\.tsx?$/.test(path));
  expect([...unit, ...system].toSorted()).toEqual(all.toSorted());
  expect(unit.length).toBeGreaterThan(20);
  expect(system.length).toBeGreaterThan(20);
});
