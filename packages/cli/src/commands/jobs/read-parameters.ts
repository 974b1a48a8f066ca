/** Parameters of a job from the command line: `--parameter k=v` over `--parameters FILE|JSON`. */
import { flagList, flagText, type Flags, type Shell } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { readDocument } from '../../files/read-document.ts';

/** Values that are JSON (numbers, true, lists, quoted text) are parsed, others are text. */
export async function readParameters(shell: Shell, flags: Flags): Promise<Record<string, unknown>> {
  const whole = flagText(flags, 'parameters');
  const base = whole === undefined ? {} : await readWhole(shell, whole);
  return { ...base, ...Object.fromEntries(flagList(flags, 'parameter').map(readPair)) };
}

function readPair(pair: string): [string, unknown] {
  const at = pair.indexOf('=');
  if (at < 1) {
    throw usageFailure(`--parameter: expected name=value, received ${JSON.stringify(pair)}`);
  }
  return [pair.slice(0, at), readValue(pair.slice(at + 1))];
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // not JSON, so it is text
    return text;
  }
}

async function readWhole(shell: Shell, text: string): Promise<Record<string, unknown>> {
  const isInline = text.trimStart().startsWith('{');
  const value = isInline ? readInline(text) : await readDocument(shell, text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw usageFailure('--parameters: expected an object of names and values');
}

function readInline(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageFailure(`--parameters: expected JSON: ${(error as Error).message}`);
  }
}
