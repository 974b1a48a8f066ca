/** Checks of all values of a call, independent of its schema. */
import { formatPath, limits, type ProblemField } from '@lazaret/protocol';

import { httpLimits } from './limits.ts';

interface Node {
  readonly value: unknown;
  readonly key: PropertyKey;
  readonly parent: Node | undefined;
  readonly depth: number;
}

/**
 * Refuses text that PostgreSQL cannot store (NUL, unpaired surrogates), keys that would be
 * dropped silently (`__proto__`), and excessive nesting. Walks without recursion.
 */
export function checkValues(root: unknown, place: string): ProblemField[] {
  const stack: Node[] = [{ value: root, key: place, parent: undefined, depth: 0 }];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const { value } = node;
    if (typeof value === 'string' && isUnfit(value))
      return [refuse(node, 'contains NUL or an unpaired surrogate')];
    if (typeof value !== 'object' || value === null) continue;
    if (node.depth >= httpLimits.bodyJsonDepth) {
      return [refuse(node, `is nested deeper than ${httpLimits.bodyJsonDepth} levels`)];
    }
    for (const [name, inner] of Object.entries(value)) {
      const key = Array.isArray(value) ? Number(name) : name;
      const child = { value: inner as unknown, key, parent: node, depth: node.depth + 1 };
      if (name === '__proto__' || isUnfit(name))
        return [refuse(child, 'is a name that is not allowed')];
      stack.push(child);
    }
  }
  return [];
}

function isUnfit(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed();
}

function refuse(node: Node, message: string): ProblemField {
  const path: PropertyKey[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    if (at.key !== '') path.unshift(typeof at.key === 'string' ? show(at.key) : at.key);
  }
  return { path: formatPath(path) || 'body', message };
}

function show(key: string): string {
  return key.replaceAll('\0', '\u{2400}').toWellFormed().slice(0, limits.nameChars);
}
