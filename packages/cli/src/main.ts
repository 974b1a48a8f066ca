#!/usr/bin/env node
/** The program `lazaret`. The code cache is switched on before the rest is loaded. */
import module from 'node:module';
import { join } from 'node:path';

import { readEnvironment } from './environment.ts';

const environment = readEnvironment();
module.enableCompileCache(join(environment.cacheDirectory, 'compiled'));

const { runProgram } = await import('./program.ts');
// a reader that has gone ends the program at its next write, not with a stack trace
process.stdout.on('error', () => process.exit(0));
process.exitCode = await runProgram(
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment,
    now: () => Date.now(),
    fetch,
  },
  process.argv.slice(2),
);
// a pipe that nobody closes would keep the process
process.stdin.destroy();
