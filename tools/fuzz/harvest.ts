/**
 * Seeds and tokens from code: texts and object literals in tests are good first
 * inputs, and the constants of a parser are the tokens of its format.
 */
import { isSyntax, listFiles, parseSource, readText, walk } from '../../test/source/source-file.ts';
import type { SourceFile, Syntax } from '../../test/source/source-file.ts';

const analysis = 'packages/analysis/src/';

/** From the root of the project; other paths are below packages/analysis/src. */
export function sourcePath(start: string): string {
  return /^(packages|tools)\//.test(start) ? start : analysis + start;
}

/** Texts and objects (as JSON) of the tests below a folder, as `sourcePath` takes it. */
export function harvestSeeds(folder: string): Buffer[] {
  const texts = new Set<string>();
  for (const path of filesBelow(folder)) {
    if (!path.endsWith('.test.ts')) continue;
    walk(syntaxOf(path).program, (node) => {
      const text = textOf(node);
      if (text !== undefined && text.length >= 4) texts.add(text);
      if (node.type !== 'ObjectExpression') return;
      const value = valueOf(node, 0);
      if (value !== undefined) texts.add(JSON.stringify(value));
    });
  }
  return [...texts].map((text) => Buffer.from(text));
}

/** The file of a reader below a folder, and its imports, recursively. */
export function filesBehind(folder: string, id: string): string[] {
  const codes = filesBelow(folder).filter(isCode);
  const holding = (text: string): string | undefined =>
    codes.find((path) => readText(path).includes(text));
  const found = holding(`id: '${id}'`) ?? holding(`'${id}'`);
  if (found === undefined) throw new Error(`no file below ${folder} has a reader ${id}`);
  const reached = new Set([found]);
  for (const path of reached) {
    for (const { target, typeOnly } of syntaxOf(path).imports) {
      if (target?.startsWith(analysis) === true && !typeOnly) reached.add(target);
    }
  }
  return [...reached].map((path) => path.slice(analysis.length));
}

const wordChars = 64;

/** Constants of the code with these path prefixes. */
export function harvestWords(files: readonly string[]): Buffer[] {
  const words = new Map<string, Buffer>();
  const add = (bytes: Buffer): void => {
    if (bytes.length > 0) words.set(bytes.toString('latin1'), bytes);
  };
  for (const path of files.flatMap(filesBelow)) {
    if (!isCode(path)) continue;
    walk(syntaxOf(path).program, (node) => {
      const text = textOf(node) ?? patternText(node);
      if (text !== undefined && text.length <= wordChars) {
        add(Buffer.from(text, isLatin(text) ? 'latin1' : 'utf8'));
      }
      const value = node.type === 'Literal' ? node['value'] : undefined;
      if (typeof value === 'number' && value > 255) for (const one of numberBytes(value)) add(one);
    });
  }
  return [...words.values()];
}

const parsed = new Map<string, SourceFile>();

function syntaxOf(path: string): SourceFile {
  const source = parsed.get(path) ?? parseSource(path, readText(path));
  parsed.set(path, source);
  return source;
}

function isCode(path: string): boolean {
  return !path.includes('.test.') && !path.includes('/testing/');
}

function filesBelow(start: string): string[] {
  return allFiles.filter((path) => path.startsWith(sourcePath(start)));
}

const allFiles = listFiles().filter((path) => /^packages\/(analysis|oci)\/src\/.*\.ts$/.test(path));

/** A string, or a template with `1` for each expression. */
function textOf(node: Syntax): string | undefined {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return undefined;
  const parts = (node['quasis'] as readonly { readonly value: { readonly cooked?: string } }[]).map(
    ({ value }) => value.cooked ?? '',
  );
  return parts.join('1');
}

/** The literal characters of a regular expression. */
function patternText(node: Syntax): string | undefined {
  const regex = node['regex'];
  if (node.type !== 'Literal' || typeof regex !== 'object' || regex === null) return undefined;
  const source = 'pattern' in regex ? String(regex.pattern) : '';
  return /[A-Za-z][\w :=<>/-]{2,}/.exec(source)?.[0];
}

const depthMax = 12;

/** The value of a constant expression, or undefined. */
function valueOf(node: unknown, depth: number): unknown {
  if (!isSyntax(node) || depth > depthMax) return undefined;
  if (node.type === 'Literal' && node['regex'] === undefined) return node['value'];
  if (node.type === 'TemplateLiteral') return textOf(node);
  if (node.type === 'ArrayExpression' && Array.isArray(node['elements'])) {
    return node['elements'].map((one) => valueOf(one, depth + 1) ?? null);
  }
  if (node.type !== 'ObjectExpression' || !Array.isArray(node['properties'])) return undefined;
  return Object.fromEntries(
    node['properties'].flatMap((one: Syntax): [string, unknown][] => {
      const { key, value } = one as unknown as { key?: Syntax; value?: unknown };
      const name = key?.['name'] ?? key?.['value'];
      return typeof name === 'string' ? [[name, valueOf(value, depth + 1) ?? 'x']] : [];
    }),
  );
}

function numberBytes(value: number): Buffer[] {
  const text = Buffer.from(String(value));
  if (!Number.isInteger(value) || value > 0xffff_ffff) return [text];
  const bytes = Buffer.alloc(value > 0xffff ? 4 : 2);
  bytes.writeUIntLE(value, 0, bytes.length);
  return [text, bytes, Buffer.from(bytes.toReversed())];
}

function isLatin(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}
