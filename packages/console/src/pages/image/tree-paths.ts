/** Paths of the tree: `usr/lib/a.jar!/META-INF/x` is inside the archive `usr/lib/a.jar`. */
import type { ImageFile } from '@lazaret/protocol';

/** The `parent` parameter that lists the children of an entry. */
export function parentKey({ path, type }: Pick<ImageFile, 'path' | 'type'>): string {
  return type === 'directory' || path.endsWith('!') ? path : `${path}!`;
}

/** The levels to open so that a path is visible, root first. */
export function parentsOf(path: string): string[] {
  const parents = [''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    if (at > 0) parents.push(path.slice(0, at));
  }
  return parents;
}

/** The child of a directory on the way to a path; undefined if the path is elsewhere. */
export function childTowards(parent: string, path: string): string | undefined {
  const start = parent === '' ? 0 : parent.length + 1;
  if (parent !== '' && !path.startsWith(`${parent}/`)) return undefined;
  const end = path.indexOf('/', start);
  return end < 0 ? path : path.slice(0, end);
}

/** Whether an entry is the path, or the archive that contains it. */
export function leadsTo(entry: Pick<ImageFile, 'path' | 'type'>, step: string): boolean {
  return entry.path === step || parentKey(entry) === step;
}
