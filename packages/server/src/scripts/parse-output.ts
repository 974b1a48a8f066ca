/** The output of a script as a value: untrusted text in JSON or YAML. Pure. */
import type { ScriptFormat } from '@lazaret/protocol';
import { parseDocument } from 'yaml';

import { scriptServerLimits } from './limits.ts';

export type ParsedOutput =
  | { readonly value: unknown; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string };

/** Text has no value. Duplicate keys and tags of YAML are refused. */
export function parseOutput(format: ScriptFormat, stdout: Buffer): ParsedOutput {
  if (format === 'text') return { value: null };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(stdout);
  } catch {
    return { problem: 'the output is not valid UTF-8' };
  }
  if (text.trim() === '') return { problem: `expected ${format.toUpperCase()}, got no output` };
  try {
    const value = format === 'json' ? (JSON.parse(text) as unknown) : parseYaml(text);
    checkDepth(value, 0);
    return { value };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [line = ''] = message.split('\n');
    return { problem: `invalid ${format.toUpperCase()}: ${line}` };
  }
}

function parseYaml(text: string): unknown {
  if (text.length > scriptServerLimits.yamlBytes) {
    throw new Error(`more than ${scriptServerLimits.yamlBytes} bytes (print JSON instead)`);
  }
  const document = parseDocument(text, { schema: 'core', merge: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return document.toJS({ maxAliasCount: 100 }) as unknown;
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= scriptServerLimits.jsonDepth) {
    throw new Error(`nested deeper than ${scriptServerLimits.jsonDepth} levels`);
  }
  for (const inner of Object.values(value)) checkDepth(inner, depth + 1);
}
