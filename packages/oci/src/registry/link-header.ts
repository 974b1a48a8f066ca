/**
 * The target of `rel="next"` in `Link` headers (RFC 8288): undefined when there is none, null when
 * the header is invalid, which must not be taken for the end of a list.
 */
export function nextLink(headers: readonly string[]): string | null | undefined {
  for (const header of headers) {
    const found = findNext(header);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findNext(header: string): string | null | undefined {
  let at = 0;
  while (at < header.length) {
    const open = header.indexOf('<', at);
    if (open < 0) return header.slice(at).replaceAll(/[\s,]/g, '') === '' ? undefined : null;
    const close = header.indexOf('>', open);
    if (close < 0) return null;
    const end = endOfParameters(header, close + 1);
    if (isNext(header.slice(close + 1, end))) return header.slice(open + 1, close);
    at = end + 1;
  }
  return undefined;
}

/** The comma that ends a link; commas in quotes do not. */
function endOfParameters(header: string, start: number): number {
  let quoted = false;
  for (let at = start; at < header.length; at += 1) {
    const char = header.charAt(at);
    if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) return at;
  }
  return header.length;
}

function isNext(parameters: string): boolean {
  return parameters.split(';').some((one) => {
    const equals = one.indexOf('=');
    if (equals < 0 || one.slice(0, equals).trim().toLowerCase() !== 'rel') return false;
    const relations = one
      .slice(equals + 1)
      .replaceAll('"', '')
      .trim()
      .toLowerCase();
    return relations.split(/\s+/).includes('next');
  });
}
