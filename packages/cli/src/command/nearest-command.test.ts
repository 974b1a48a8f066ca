/** Unknown commands are answered with the one that was probably meant. */
import { expect, it } from 'vitest';

import { useServerHarness } from '../testing/server-harness.ts';

const cli = useServerHarness();

it.each([
  [['diff', 'a', 'b'], 'lazaret inspect diff'],
  [['scanners', 'list'], 'lazaret scanners show'],
  [['artifacts', 'list'], 'lazaret artifacts'],
  [['jobs', 'lits'], 'lazaret jobs list'],
])('%j suggests %s', async (argv, suggestion) => {
  const { exitCode, stderr } = await cli.run({}, argv);
  expect(stderr).toContain(`Did you mean \`${suggestion}`);
  expect(exitCode).toBe(2);
});

it('names the flag and the received value of a wrong list', async () => {
  const { exitCode, stderr } = await cli.run({}, ['jobs', 'list', '--state', 'bad']);
  expect(stderr).toMatch(/--state: expected one of queued, .*, received "bad"/);
  expect(exitCode).toBe(2);
});
