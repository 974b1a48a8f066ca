/**
 * Regular expressions and globs over untrusted text. Both run on RE2, which takes time proportional
 * to pattern times text whatever the pattern is; compiled ones are kept, up to a limit.
 */
import { RE2JS } from '@bufbuild/re2';

import { policyLimits } from '../limits.ts';

export interface Pattern {
  test(text: string): boolean;
}

const cache = new Map<string, Pattern>();

/**
 * An RE2 expression that may match anywhere in a text. Throws if it is invalid, too long, or too
 * long with its counted repetitions written out, which is how RE2 compiles them.
 */
export function compileRegularExpression(source: string): Pattern {
  if (source.length > policyLimits.patternChars) {
    throw new RangeError(`the pattern is longer than ${policyLimits.patternChars} characters`);
  }
  const expanded = expandedLength(source);
  if (expanded > policyLimits.patternExpanded) {
    throw new RangeError(
      `the repetitions of the pattern stand for ${expanded} characters ` +
        `(limit ${policyLimits.patternExpanded})`,
    );
  }
  return cached(`r:${source}`, () => RE2JS.compile(source));
}

const token = /\\.|\[(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|./gsu;

/** The length of a pattern with counted repetitions written out, those in each other multiplied. */
function expandedLength(source: string): number {
  const groups = [0];
  let last = 0;
  for (const [text, least, most] of source.matchAll(token)) {
    const depth = groups.length - 1;
    if (text === '(') {
      groups.push(0);
      last = 0;
    } else if (text === ')' && depth > 0) {
      last = (groups.pop() ?? 0) + 1;
      groups[depth - 1] = (groups[depth - 1] ?? 0) + last;
    } else if (least === undefined) {
      last = 1;
      groups[depth] = (groups[depth] ?? 0) + 1;
    } else {
      const count = Math.max(1, Number(least), Number(most ?? 0));
      groups[depth] = (groups[depth] ?? 0) + last * (count - 1);
      last *= count;
    }
  }
  return groups.reduce((sum, length) => sum + length, 0);
}

/**
 * A glob that must match a whole path or name: `*` and `?` do not match a slash, `**` does, and a
 * leading double star with its slash also matches no directory at all. There are no braces, classes
 * or escapes.
 */
export function compileGlob(glob: string): Pattern {
  return cached(`g:${glob}`, () => toPattern(glob));
}

/**
 * Whether globs select something by one of its names: at least one glob matches one, if there are
 * any globs, and no `!glob` matches any.
 */
export function selectsName(globs: readonly string[], ...names: readonly string[]): boolean {
  const matches = (glob: string): boolean => names.some((name) => compileGlob(glob).test(name));
  const excluded = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  if (excluded.some(matches)) return false;
  const included = globs.filter((glob) => !glob.startsWith('!'));
  return included.length === 0 || included.some(matches);
}

function cached(key: string, compile: () => Pattern): Pattern {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = compile();
  const [oldest] = cache.keys();
  if (cache.size >= policyLimits.patternsCached && oldest !== undefined) cache.delete(oldest);
  cache.set(key, made);
  return made;
}

function toPattern(glob: string): Pattern {
  if (glob.length > policyLimits.globChars) {
    throw new RangeError(`the glob is longer than ${policyLimits.globChars} characters`);
  }
  // the text before the first wildcard and after the last one decides most paths cheaply
  const head = /^[^*?]*/.exec(glob)?.[0] ?? '';
  const tail = /[^*?]*$/.exec(glob)?.[0].replace(/^\//, '') ?? '';
  const isLiteral = head === glob;
  const parts = glob.match(/\*\*\/|\*{2,}|[\s\S]/gu) ?? [];
  const compiled = RE2JS.compile(`(?s)^${parts.map(partPattern).join('')}$`);
  return {
    test: (text) =>
      isLiteral
        ? text === glob
        : text.startsWith(head) && text.endsWith(tail) && compiled.test(text),
  };
}

function partPattern(part: string): string {
  if (part === '**/') return '(?:.*/)?';
  if (part.startsWith('**')) return '.*';
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  return part.replace(/[\\^$.|+()[\]{}]/, String.raw`\$&`);
}
