/**
 * The thread that runs rules. It compiles them once, answers one file after the other, and is
 * killed from outside when a file takes too long: the module cannot be interrupted.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { Compiler, initSync } from '@virustotal/yara-x';
import type { Scanner } from '@virustotal/yara-x';
import { z } from 'zod';

import type { FromWorker, WorkerMatch, WorkerRules } from './yara-messages.ts';

const number = z.number().int().nonnegative();
/** Metadata with escapes come as bytes. */
const metadataValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.number())]);
const scanResult = z.object({
  valid: z.boolean(),
  errors: z.array(z.string()).optional(),
  matches: z.array(
    z.object({
      identifier: z.string(),
      namespace: z.string(),
      isPrivate: z.boolean(),
      tags: z.array(z.string()),
      metadata: z.array(z.object({ identifier: z.string(), value: metadataValue })),
      patterns: z.array(
        z.object({
          identifier: z.string(),
          isPrivate: z.boolean(),
          matches: z.array(z.object({ offset: number, length: number })),
        }),
      ),
    }),
  ),
});

if (parentPort !== null) serve(parentPort, workerData as WorkerRules);

function serve(port: MessagePort, rules: WorkerRules): void {
  const say = (message: FromWorker): void => port.postMessage(message);
  const { memory } = initSync({ module: readFileSync(rules.module) });
  const scanner = compile(rules, say);
  if (scanner === undefined) return;
  port.on('message', (bytes: Uint8Array) => {
    try {
      const matches = readResult(scanner.scan(bytes));
      say({ type: 'matches', matches, memoryBytes: memory.buffer.byteLength });
    } catch (error) {
      say({ type: 'failed', message: textOf(error) });
    }
  });
  say({ type: 'ready' });
}

function compile(rules: WorkerRules, say: (message: FromWorker) => void): Scanner | undefined {
  const compiler = new Compiler();
  let file = 0;
  try {
    for (const text of rules.texts) {
      compiler.newNamespace(String(file));
      compiler.addSource(text);
      file += 1;
    }
    const scanner = compiler.build().scanner();
    scanner.setMaxMatchesPerPattern(rules.patternMatches);
    return scanner;
  } catch (error) {
    say({ type: 'refused', file, message: textOf(error) });
    return undefined;
  } finally {
    compiler.free();
  }
}

function readResult(value: unknown): WorkerMatch[] {
  const result = scanResult.parse(value);
  if (!result.valid) throw new Error(`the scan was not valid: ${result.errors?.join('; ')}`);
  // Private rules and patterns are not reported, as in the native program.
  const reported = result.matches.filter(({ isPrivate }) => !isPrivate);
  return reported.map((match) => ({
    rule: match.identifier,
    file: Number(match.namespace),
    tags: match.tags,
    metadata: match.metadata.map(({ identifier, value: data }) => {
      return [identifier, Array.isArray(data) ? Buffer.from(data).toString('utf8') : data];
    }),
    strings: match.patterns.flatMap(({ identifier, isPrivate, matches }) => {
      const shown = isPrivate ? [] : matches;
      return shown.map(({ offset, length }) => ({ name: identifier, offset, sizeBytes: length }));
    }),
  }));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
