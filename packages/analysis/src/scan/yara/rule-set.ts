/** The rules of files and directories, read once, with a digest over all of them. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';

import { scanLimits } from '../limits.ts';

export interface RuleFile {
  /** For messages: relative to the given directory. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

export interface RuleSet {
  /** By name; the rules of each file have their own namespace. */
  readonly files: readonly RuleFile[];
  /** SHA-256 over names and texts, hexadecimal. */
  readonly digest: string;
  readonly ruleCount: number;
}

/** Rules that cannot be used; the message names file and line where there is one. */
export class RuleSetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RuleSetError';
  }
}

/** Reads the named files, and `.yar` and `.yara` files below directories. Throws RuleSetError. */
export async function readRuleSet(paths: readonly string[]): Promise<RuleSet> {
  const files: RuleFile[] = [];
  let bytes = 0;
  for (const path of paths) {
    for (const file of await listRules(path)) {
      const text = await readText(file.path);
      bytes += text.length;
      if (bytes > scanLimits.yaraRuleBytes || files.length >= scanLimits.yaraRuleFiles) {
        throw new RuleSetError(`too many rules: ${files.length} files, ${bytes} bytes`);
      }
      refuseIncludes(file.name, text);
      files.push({ ...file, text });
    }
  }
  if (files.length === 0) throw new RuleSetError(`no rules in ${paths.join(', ')}`);
  files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const ruleCount = files.reduce((sum, { text }) => sum + countRules(text), 0);
  return { files, digest: digestOf(files), ruleCount };
}

/** Strings, comments and regular expressions are skipped: their text is not a rule. */
const tokens =
  /"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*|\/(?:\\.|[^/\\\n])+\/|\brule\s+[A-Za-z_]\w*/g;

/** Number of rules in the text of a rule file. */
export function countRules(text: string): number {
  let count = 0;
  for (const [token] of text.matchAll(tokens)) if (token.startsWith('rule')) count += 1;
  return count;
}

function digestOf(files: readonly RuleFile[]): string {
  const hash = createHash('sha256');
  for (const { name, text } of files) hash.update(`${name}\0${text.length}\0${text}\0`);
  return hash.digest('hex');
}

async function listRules(path: string): Promise<{ name: string; path: string }[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ name: basename(path), path }];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && /\.yara?$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => ({ name: relative(path, file), path: file }));
  } catch (error) {
    throw new RuleSetError(`rules cannot be read: ${textOf(error)}`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RuleSetError(`rules cannot be read: ${textOf(error)}`);
  }
}

/** The digest would not cover included files. */
function refuseIncludes(name: string, text: string): void {
  const at = text.search(/^[ \t]*include[ \t]+"/m);
  if (at < 0) return;
  const line = text.slice(0, at).split('\n').length;
  throw new RuleSetError(`${name}:${line}: include is not followed; name the files themselves`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
