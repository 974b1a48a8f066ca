/** Paths of the tree: `usr/lib/a.jar!/META-INF/x` lies in the archive `usr/lib/a.jar`. */
import type { ImageFile } from '@lazaret/protocol';

/** What the children of an entry are asked for by. */
export function parentKey({ path, type }: Pick<ImageFile, 'path' | 'type'>): string {
  return type === 'directory' || path.endsWith('!') ? path : `${path}!`;
}

/** What has to be open so that a path can be seen, the root first. */
export function parentsOf(path: string): string[] {
  const parents = [''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    if (at > 0) parents.push(path.slice(0, at));
  }
  return parents;
}

/** The child of a directory that leads to a path; undefined when the path is elsewhere. */
export function childTowards(parent: string, path: string): string | undefined {
  const start = parent === '' ? 0 : parent.length + 1;
  if (parent !== '' && !path.startsWith(`${parent}/`)) return undefined;
  const end = path.indexOf('/', start);
  return end < 0 ? path : path.slice(0, end);
}

/** Whether an entry is a path, or the archive that a path goes into. */
export function isOnTheWay(entry: Pick<ImageFile, 'path' | 'type'>, step: string): boolean {
  return entry.path === step || parentKey(entry) === step;
}
