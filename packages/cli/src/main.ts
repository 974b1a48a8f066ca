#!/usr/bin/env node
/** Entry point: runs the program with the streams, clock and network of the process. */
import { fileURLToPath } from 'node:url';

import { readEnvironment } from './environment.ts';
import { runProgram } from './program.ts';

/** The clone: both `src` and `dist` are three levels below it. */
const installationDirectory = fileURLToPath(new URL('../../../', import.meta.url));

// EPIPE: the reader has closed the pipe, as `head` does
process.stdout.on('error', () => process.exit(0));
process.exitCode = await runProgram(
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: readEnvironment(undefined, installationDirectory),
    now: () => Date.now(),
    // a reference to `fetch` would load the HTTP client
    fetch: (...request) => fetch(...request),
  },
  process.argv.slice(2),
);
// an open pipe would keep the process alive
process.stdin.destroy();
