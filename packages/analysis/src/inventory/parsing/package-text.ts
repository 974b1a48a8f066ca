/** Fields that several package databases have in common. */
import { limits } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import type { ParseWarnings } from './parse-warnings.ts';

/** A valid name or version, or undefined with a warning that gives the reason. */
export function plainWord(
  text: string | undefined,
  what: string,
  warnings: ParseWarnings,
): string | undefined {
  if (text === undefined || text === '') {
    warnings.add('damaged', `${what} is missing`);
    return undefined;
  }
  if (text.length > limits.packageNameChars) {
    warnings.add('too_large', `${what} has more than ${limits.packageNameChars} characters`);
    return undefined;
  }
  if (/[\s\p{Cc}]/u.test(text)) {
    warnings.add('damaged', `${what} has spaces or control characters`);
    return undefined;
  }
  return text;
}

/** Names in order, without duplicates, up to the limit. */
export function distinctNames(names: Iterable<string>, warnings: ParseWarnings): string[] {
  const found = new Set<string>();
  for (const name of names) {
    if (name === '' || name.length > limits.packageNameChars) continue;
    if (found.size === inventoryLimits.packageDependencies && !found.has(name)) {
      warnings.add(
        'too_many',
        `a package needs more than ${inventoryLimits.packageDependencies} others`,
      );
      break;
    }
    found.add(name);
  }
  return [...found];
}

/** A property only if there is a value, as in facts. */
export function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  const made: { [P in K]?: V } = {};
  if (value === undefined || value === '') return made;
  if (Array.isArray(value) && value.length === 0) return made;
  made[key] = value;
  return made;
}
