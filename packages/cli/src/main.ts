#!/usr/bin/env node
/** The program on this process: its streams, environment, clock and network. */
import { readEnvironment } from './environment.ts';
import { runProgram } from './program.ts';

// a reader that has gone ends the program at its next write, not with a stack trace
process.stdout.on('error', () => process.exit(0));
process.exitCode = await runProgram(
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: readEnvironment(),
    now: () => Date.now(),
    // the name alone would load the HTTP client
    fetch: (...request) => fetch(...request),
  },
  process.argv.slice(2),
);
// a pipe that nobody closes would keep the process
process.stdin.destroy();
