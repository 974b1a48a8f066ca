/** YAML or JSON from a file that a person names. */
import { createReadStream } from 'node:fs';

import { limits } from '@lazaret/protocol';

import type { Shell } from './command.ts';
import { usageFailure } from './failure.ts';
import { asFileFailure } from './upload-file.ts';

/** Reads and parses a file, or standard input for `-`. JSON is YAML, so one reader does both. */
export async function readDocument(
  shell: Shell,
  path: string,
  maxBytes: number = limits.cliFileBytes,
): Promise<unknown> {
  const text = await readText(shell, path, maxBytes);
  const { parse, YAMLParseError } = await import('yaml');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw usageFailure(`${path} is neither YAML nor JSON: ${error.message}`);
  }
}

/** The whole text of a file, or of standard input for `-`. */
export async function readText(shell: Shell, path: string, maxBytes: number): Promise<string> {
  try {
    const stream = path === '-' ? shell.stdin : createReadStream(path);
    const pieces: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      sizeBytes += piece.length;
      if (sizeBytes > maxBytes) throw usageFailure(`${path} is larger than ${maxBytes} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  } catch (error) {
    throw asFileFailure(error, path);
  }
}
