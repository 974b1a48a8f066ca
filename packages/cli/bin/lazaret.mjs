#!/usr/bin/env node
/**
 * Launcher of the program `lazaret`. Plain JavaScript on modules of Node 20, since any Node from 20
 * on may run it: it hands over to the pinned Node, which runs TypeScript.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isBuilt } from './is-built.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');
/** Commands that run the server package, which shares its modules with the sources only. */
const serverCommands = ['up', 'serve', 'config'];

if (majorOf(process.versions.node) >= requiredMajor()) await run();
else if (existsSync(pinnedNode)) handOver();
else fail(`not installed: run \`npm start\` or \`npm ci\` in ${root} first`);

async function run() {
  try {
    // before any TypeScript is loaded: this halves the time to the help. In the home directory of
    // the user, because anyone who can write to the cache controls the code that runs.
    module.enableCompileCache?.(join(homedir(), '.cache', 'lazaret', 'compiled'));
  } catch {
    // a user without a home, as in containers, starts without the cache
  }
  const usesServer = process.argv.slice(2).some((word) => serverCommands.includes(word));
  const isBundled = !usesServer && isBuilt();
  await (isBundled ? import('../dist/main.js') : import('../src/main.ts'));
}

/** Runs the pinned Node with the same arguments and streams, and exits with its code. */
function handOver() {
  const words = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(pinnedNode, words, { stdio: 'inherit' });
  // a terminal sends Ctrl-C to both; other signals are forwarded
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot start ${pinnedNode}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1;
    else endBySignal(signal);
  });
}

/** Exits like the child, so that a shell gets the same status. */
function endBySignal(signal) {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function requiredMajor() {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return majorOf(dependencies.node);
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function fail(message) {
  process.stderr.write(`lazaret: ${message}\n`);
  process.exit(1);
}
