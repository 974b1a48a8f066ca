/** Paths inside a tree: relative, without empty parts, `.` and `..`. */

export interface TreePath {
  readonly path: string;
  /**
   * Whether the path as written leads above the root; it is clamped to the root, as a kernel does.
   */
  readonly escaped: boolean;
}

const plain = /^(?:[^./][^/]*|\.[^./][^/]*|\.\.[^/]+)(?:\/(?:[^./][^/]*|\.[^./][^/]*|\.\.[^/]+))*$/;

/** Normalizes an untrusted path: `/./etc//passwd/` becomes `etc/passwd`. */
export function normalizePath(written: string): TreePath {
  if (plain.test(written)) return { path: written, escaped: false };
  const parts: string[] = [];
  let escaped = false;
  for (const part of written.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) escaped = true;
  }
  return { path: parts.join('/'), escaped };
}

/**
 * A name that is not valid UTF-8, given as latin1, with bytes above ASCII written as `\\xff`, so
 * that different names stay different.
 */
export function bytePath(raw: string): string {
  return raw.replaceAll(/[\u0080-\u00ff]/g, (each) => `\\x${each.charCodeAt(0).toString(16)}`);
}

/** The last part: `passwd` of `etc/passwd`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All but the last part: `etc` of `etc/passwd`, nothing of `etc`. */
export function parentPath(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut === -1 ? '' : path.slice(0, cut);
}

/** A name in a directory: `etc` and `passwd` give `etc/passwd`. */
export function joinPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}
