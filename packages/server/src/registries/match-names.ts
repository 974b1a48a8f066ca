/**
 * Patterns of repositories and tags: `*` matches any characters within a path component, `**`
 * across components, `?` one character. Matching takes time linear in the name for each pattern,
 * whatever the pattern.
 */

export interface NameMatcher {
  matches(name: string): boolean;
}

/** Matches what any of the patterns matches and none of the excluded ones. */
export function createMatcher(
  patterns: readonly string[],
  excluded: readonly string[],
): NameMatcher {
  const wanted = patterns.map(compile);
  const unwanted = excluded.map(compile);
  return {
    matches: (name) => wanted.some((test) => test(name)) && !unwanted.some((test) => test(name)),
  };
}

export function hasWildcard(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

type Token = { readonly kind: 'char' | 'one' | 'within' | 'across'; readonly char: string };

function compile(pattern: string): (name: string) => boolean {
  if (!hasWildcard(pattern)) return (name) => name === pattern;
  const tokens = readTokens(pattern);
  return (name) => simulate(tokens, name);
}

function readTokens(pattern: string): readonly Token[] {
  return [...pattern.matchAll(/\*{2,}|[\s\S]/gu)].map(([text]) => {
    if (text.startsWith('**')) return { kind: 'across', char: '' };
    if (text === '*') return { kind: 'within', char: '' };
    return { kind: text === '?' ? 'one' : 'char', char: text };
  });
}

/** All positions in the pattern that can be reached, advanced together by each character. */
function simulate(tokens: readonly Token[], name: string): boolean {
  let positions = skipEmpty(tokens, new Set([0]));
  for (const char of name) {
    const next = new Set<number>();
    for (const at of positions) {
      const token = tokens[at];
      if (token === undefined) continue;
      const repeats = token.kind === 'across' || (token.kind === 'within' && char !== '/');
      if (repeats) next.add(at);
      const isOne = token.kind === 'one' && char !== '/';
      if (isOne || (token.kind === 'char' && token.char === char)) next.add(at + 1);
    }
    if (next.size === 0) return false;
    positions = skipEmpty(tokens, next);
  }
  return positions.has(tokens.length);
}

/** Stars also match nothing. */
function skipEmpty(tokens: readonly Token[], positions: Set<number>): Set<number> {
  for (const at of positions) {
    const kind = tokens[at]?.kind;
    // A set visits what is added while it is iterated.
    if (kind === 'within' || kind === 'across') positions.add(at + 1);
  }
  return positions;
}
