#!/usr/bin/env node
/** Entry point: runs the program with the streams, clock and network of the process. */
import { readEnvironment } from './environment.ts';
import { runProgram } from './program.ts';

// EPIPE: the reader has closed the pipe, as `head` does
process.stdout.on('error', () => process.exit(0));
process.exitCode = await runProgram(
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: readEnvironment(),
    now: () => Date.now(),
    // a reference to `fetch` would load the HTTP client
    fetch: (...request) => fetch(...request),
  },
  process.argv.slice(2),
);
// an open pipe would keep the process alive
process.stdin.destroy();
