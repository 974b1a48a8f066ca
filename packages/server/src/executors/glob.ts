/**
 * Globs over relative paths: `*` and `?` inside one segment, `**` for any number of segments.
 * Everything else is literal; a leading dot is not special. The names come from a
 * sample, so matching takes at most (length of pattern) times (length of path) steps; a translation
 * to a regular expression could be made to take exponentially many.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  return matchSegments(pattern.split('/'), path.split('/'));
}

/** reached[i]: whether the first i segments are matched by the patterns so far. */
function matchSegments(patterns: readonly string[], segments: readonly string[]): boolean {
  let reached = segments.map(() => false);
  reached.unshift(true);
  for (const pattern of patterns) {
    const next = reached.map(() => false);
    for (let at = 0; at <= segments.length; at += 1) {
      if (pattern === '**')
        next[at] = (reached[at] ?? false) || (at > 0 && (next[at - 1] ?? false));
      else if (at > 0)
        next[at] = (reached[at - 1] ?? false) && matchSegment(pattern, segments[at - 1] ?? '');
    }
    reached = next;
  }
  return reached[segments.length] ?? false;
}

/** After a mismatch only the last star matches one more character, so nothing is tried twice. */
function matchSegment(pattern: string, text: string): boolean {
  let at = 0;
  let cursor = 0;
  let star = -1;
  let resume = 0;
  while (cursor < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      resume = cursor;
      at += 1;
    } else if (wanted === '?' || wanted === text[cursor]) {
      at += 1;
      cursor += 1;
    } else if (star >= 0) {
      resume += 1;
      cursor = resume;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
