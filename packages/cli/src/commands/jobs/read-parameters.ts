/** Parameters of a job from the command line: `--parameter k=v` over `--parameters FILE|JSON`. */
import { flagList, flagText, type Flags, type Shell } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { readDocument } from '../../files/read-document.ts';

/**
 * The parameters of each engine. Values that are JSON (numbers, true, lists, quoted text) are
 * parsed, others are text. Of several engines, `ENGINE:name=value` is for one of them.
 */
export async function readParameters(
  shell: Shell,
  flags: Flags,
  engines: readonly string[],
): Promise<(engine: string) => Record<string, unknown>> {
  const whole = flagText(flags, 'parameters');
  const base = whole === undefined ? {} : await readWhole(shell, whole);
  const pairs = flagList(flags, 'parameter').map((pair) => {
    const [prefix = ''] = pair.split(':', 1);
    const owner = engines.length > 1 && engines.includes(prefix) ? prefix : undefined;
    const [name, value] = readPair(owner === undefined ? pair : pair.slice(prefix.length + 1));
    return { owner, name, value };
  });
  return (engine) => {
    const own = pairs.filter(({ owner }) => owner === undefined || owner === engine);
    // One that names the engine goes before one for all.
    const ordered = own.toSorted(
      (a, b) => Number(a.owner !== undefined) - Number(b.owner !== undefined),
    );
    return { ...base, ...Object.fromEntries(ordered.map(({ name, value }) => [name, value])) };
  };
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
