/** Shared parts of `serve` and `up`: the configuration, the log, the version, and the shutdown. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Problem } from '@lazaret/protocol';

import {
  loadConfiguration,
  readEnvironment,
  type LoadedConfiguration,
} from '../floor/config/index.ts';
import type { ConsoleFiles } from '../roles/console-files.ts';

/** The root of the installation: the folder above packages/. */
export const installation: string = fileURLToPath(new URL('../../../..', import.meta.url));

export const consoleFiles: ConsoleFiles = {
  directory: join(installation, 'packages', 'console', 'dist'),
  policyFile: join(installation, 'packages', 'console', 'content-security-policy.json'),
  installation,
};

export function readVersion(): string {
  const text = readFileSync(join(installation, 'packages', 'server', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export function loadFrom(argv: readonly string[]): LoadedConfiguration {
  return loadConfiguration({ argv, environment: readEnvironment() });
}

/**
 * Resolves with the name of the first termination signal; a second one ends the process at once.
 */
export function waitForSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve(signal);
      });
    }
  });
}

/** A problem as text for a terminal. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const fields = error.fields.map(({ path, message }) => `\n  ${path}: ${message}`).join('');
  return `${error.message}${error.fields.length > 1 ? fields : ''}\n${error.hint}`;
}
