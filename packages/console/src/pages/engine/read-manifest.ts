/** Parses a pasted manifest (YAML, hence also JSON) and finds the lines of its fields. */
import type { ProblemField } from '@lazaret/protocol';
import { isNode, LineCounter, parseDocument } from 'yaml';

export interface ReadManifest {
  readonly value: Record<string, unknown> | undefined;
  readonly problems: readonly string[];
  /** Line number of a field, from 1. */
  readonly lineOf: (path: string) => number | undefined;
}

export function readManifest(text: string): ReadManifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = document.errors.map(
    (error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message}`,
  );
  if (problems.length > 0) return { value: undefined, problems, lineOf: () => undefined };
  const value: unknown = document.toJS({ maxAliasCount: 20 });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = 'expected a manifest: lines such as `name: strings`';
    return { value: undefined, problems: [message], lineOf: () => undefined };
  }
  const lineOf = (path: string): number | undefined => {
    for (let keys = splitPath(path); keys.length > 0; keys = keys.slice(0, -1)) {
      const node: unknown = document.getIn(keys, true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  };
  return { value: value as Record<string, unknown>, problems, lineOf };
}

/** Path of a problem's field within the manifest: `body.manifest.a` becomes `a`. */
export function manifestPath({ path }: ProblemField): string {
  return path.replace(/^(body\.)?manifest\.?/, '').replace(/^body\.?/, '');
}

function splitPath(path: string): (string | number)[] {
  return path
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
