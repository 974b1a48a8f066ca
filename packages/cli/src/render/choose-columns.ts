/** `--columns`: which fields of an item a table shows. */
import { nearestName } from '@lazaret/protocol';

import { usageFailure } from '../failure.ts';
import { labelOf } from './cell.ts';

/**
 * The paths of the given columns, which may be written as paths (`outcome.code`) or as the table
 * heads them (`outcome`, `created`). Throws a usage failure that names the nearest column.
 */
export function chooseColumns(
  given: readonly string[] | undefined,
  usual: readonly string[],
  known: readonly string[],
): readonly string[] {
  if (given === undefined) return usual;
  const paths = [...new Set([...usual, ...known])];
  const byName = new Map<string, string>();
  for (const path of paths)
    if (!byName.has(keyOf(labelOf(path)))) byName.set(keyOf(labelOf(path)), path);
  for (const path of paths) byName.set(keyOf(path), path);
  return given.map((name) => {
    const path = byName.get(keyOf(name));
    if (path !== undefined) return path;
    const nearest = nearestName(name, paths);
    throw usageFailure(`--columns: unknown column ${JSON.stringify(name)}`, {
      hint: `${nearest === undefined ? '' : `Did you mean ${nearest}? `}Columns: ${paths.toSorted().join(', ')}.`,
    });
  });
}

/** Case and spaces do not matter. */
function keyOf(name: string): string {
  return name.replaceAll(/[\s_-]/g, '').toLowerCase();
}
