import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { bombs } from '../testing/hostile/bombs.ts';
import type { StoredOutcome } from '../testing/hostile/inspect-stored.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../testing/hostile/inspect-stored.ts', import.meta.url));
const memoryMiB = 512;
let place = '';

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'lazaret-bombs-'));
});
afterAll(() => rm(place, { recursive: true }));

test.each(bombs)(
  '$name: the process survives with bounded memory, and the verdict is not clean',
  async ({ stored, gaps }) => {
    const path = join(place, 'layer');
    await pipeline(stored(), createWriteStream(path));
    const { stdout } = await run(execPath, [program, path]);
    const outcome = JSON.parse(stdout) as StoredOutcome;
    expect(outcome.verdict).toBe('incomplete');
    expect(outcome.gaps.toSorted()).toEqual(gaps);
    expect(outcome.highestMiB).toBeLessThan(memoryMiB);
  },
  180_000,
);
