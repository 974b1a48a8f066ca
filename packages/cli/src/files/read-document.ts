/** Reads YAML or JSON from a file or standard input. */
import { createReadStream } from 'node:fs';

import type { Shell } from '../command/command.ts';
import { usageFailure } from '../failure.ts';
import { cliLimits } from '../limits.ts';
import { toFileFailure } from './upload-file.ts';

/** Reads and parses a file, or standard input for `-`. JSON is a subset of YAML. */
export async function readDocument(
  shell: Shell,
  path: string,
  maxBytes: number = cliLimits.fileBytes,
): Promise<unknown> {
  const text = await readText(shell, path, maxBytes);
  const { parse, YAMLParseError } = await import('yaml');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw usageFailure(`${path} is not valid YAML or JSON: ${firstLine(error.message)}`);
  }
}

/** Without the excerpt of the file that follows, which does not fit one line. */
function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? message).replace(/:$/, '');
}

/** The text of a file, or of standard input for `-`. */
export async function readText(shell: Shell, path: string, maxBytes: number): Promise<string> {
  try {
    const stream = path === '-' ? shell.stdin : createReadStream(path);
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw usageFailure(`${path} is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    throw toFileFailure(error, path);
  }
}
