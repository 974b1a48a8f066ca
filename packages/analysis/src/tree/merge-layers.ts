/**
 * Merges the layers of an image, lowest first, into the file system that a container sees, and
 * determines for every other file which layer hides it.
 *
 * Each layer is applied in two steps: its whiteouts, wherever they are in the layer, then its own
 * entries in order. Parents that are symbolic links are followed inside the root, as containerd and
 * GNU tar do when unpacking; a directory merges with an existing directory, anything else replaces
 * the existing entry with everything below it. Sources: OCI image specification 1.1, "Image Layer
 * Filesystem Changeset"; containerd `archive`.
 */
import type { FileRow } from '@lazaret/protocol';

import { baseName, joinPath, normalizePath, parentPath } from '@lazaret/oci';
import { analysisLimits } from '../limits.ts';
import { whiteoutOf } from './whiteout.ts';
import type { Whiteout } from './whiteout.ts';

/** Location of a file: the layer, 0 the lowest, and the row in it. */
export interface RowPlace {
  readonly layer: number;
  readonly row: number;
}

export interface VisibleFile extends RowPlace {
  /** Path in the merged tree; differs from the row's path below a symbolic link. */
  readonly path: string;
  /** Location of its content, which differs for a hard link. */
  readonly content: RowPlace;
}

export interface MergeGap extends RowPlace {
  readonly detail: string;
}

export interface MergedTree {
  /** Every file of the merged view, including directories, sorted by path. */
  files(): Iterable<VisibleFile>;
  /**
   * The layer that hides a row, which is its own when the same layer replaces it; undefined when it
   * is visible. Whiteouts count as hidden by their own layer.
   */
  hiddenBy(layer: number, row: number): number | undefined;
  /** Whether a row is a whiteout or aufs metadata and not a file of the image. */
  isMark(layer: number, row: number): boolean;
  /** The file at a path, following symbolic links; undefined when there is none. */
  find(path: string): VisibleFile | undefined;
  /** Whether any applied entry is a hard link, hidden or not. */
  readonly hasHardLinks: boolean;
  /** Entries that no container engine could unpack: dangling hard links, files as parents. */
  readonly gaps: readonly MergeGap[];
}

interface Node {
  /** Undefined for a directory without an entry in any layer. */
  place: RowPlace | undefined;
  content: RowPlace | undefined;
  /** Children of a directory; undefined for anything else. */
  children: Map<string, Node> | undefined;
  /** Target of a symbolic link. */
  link: string | undefined;
}

const visible = -1;

export interface MergeOptions {
  /** Whether names such as `.wh.a` are whiteouts, as in layers; true unless given. */
  readonly whiteouts?: boolean;
}

export function mergeLayers(
  layers: readonly (readonly FileRow[])[],
  { whiteouts = true }: MergeOptions = {},
): MergedTree {
  const merge = new Merge(layers, whiteouts);
  for (const [layer, rows] of layers.entries()) merge.apply(layer, rows);
  return merge;
}

class Merge implements MergedTree {
  readonly gaps: MergeGap[] = [];
  hasHardLinks = false;
  readonly #root: Node = directoryNode(undefined);
  readonly #hidden: readonly Int32Array[];
  readonly #whiteouts: boolean;
  /** By layer. */
  readonly #marks: ReadonlySet<number>[] = [];
  readonly #isSmall: boolean;
  /** Cached result of `files` for small images. */
  #listed: readonly VisibleFile[] | undefined;

  constructor(layers: readonly (readonly FileRow[])[], whiteouts: boolean) {
    this.#whiteouts = whiteouts;
    this.#isSmall = layers.reduce((sum, { length }) => sum + length, 0) <= analysisLimits.plainRows;
    this.#hidden = layers.map((rows) => new Int32Array(rows.length).fill(visible));
  }

  apply(layer: number, rows: readonly FileRow[]): void {
    const marks = new Set<number>();
    this.#marks.push(marks);
    for (const [row, file] of this.#whiteouts ? rows.entries() : []) {
      const whiteout = whiteoutOf(file);
      if (whiteout === undefined) continue;
      marks.add(row);
      this.#mark({ layer, row }, layer);
      this.#hide(whiteout, layer);
    }
    for (const [row, file] of rows.entries())
      if (!marks.has(row)) this.#place(file, { layer, row });
  }

  files(): Iterable<VisibleFile> {
    if (!this.#isSmall) return this.#list();
    this.#listed ??= [...this.#list()];
    return this.#listed;
  }

  *#list(): Iterable<VisibleFile> {
    const open: [string, Node][] = [['', this.#root]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [path, node] = next;
      if (node.place !== undefined) {
        yield { path, ...node.place, content: node.content ?? node.place };
      }
      if (node.children === undefined) continue;
      const names = [...node.children.keys()].toSorted().toReversed();
      for (const name of names) {
        const child = node.children.get(name);
        if (child !== undefined) open.push([joinPath(path, name), child]);
      }
    }
  }

  hiddenBy(layer: number, row: number): number | undefined {
    const by = this.#hidden[layer]?.[row] ?? visible;
    return by === visible ? undefined : by;
  }

  isMark(layer: number, row: number): boolean {
    return this.#marks[layer]?.has(row) === true;
  }

  find(path: string): VisibleFile | undefined {
    const found = this.#walk(path, { followLast: true, create: false });
    if (found?.node.place === undefined) return undefined;
    const { node } = found;
    return { path: found.path, ...found.node.place, content: node.content ?? found.node.place };
  }

  #hide(whiteout: Whiteout, layer: number): void {
    if (whiteout.kind === 'aufs-metadata') return;
    const opaque = whiteout.kind === 'opaque';
    const directory = opaque ? whiteout.path : parentPath(whiteout.path);
    const found = this.#walk(directory, { followLast: true, create: false });
    const children = found?.node.children;
    if (children === undefined) return;
    for (const name of opaque ? [...children.keys()] : [baseName(whiteout.path)]) {
      const child = children.get(name);
      if (child !== undefined) this.#hideSubtree(child, layer);
      children.delete(name);
    }
  }

  #place(file: FileRow, place: RowPlace): void {
    if (file.path === '') {
      this.#replaceDirectory(this.#root, place);
      return;
    }
    const directory = parentPath(file.path);
    const parent =
      this.#plainDirectory(directory) ??
      this.#walk(directory, { followLast: true, create: true })?.node;
    if (parent?.children === undefined) {
      this.#refuse(place, `${file.path}: a parent is not a directory`);
      return;
    }
    const name = baseName(file.path);
    const present = parent.children.get(name);
    if (present?.children !== undefined && file.type === 'directory') {
      this.#replaceDirectory(present, place);
      return;
    }
    // Resolved before the existing entry is removed: a link to itself keeps the entry.
    const node = this.#nodeOf(file, place);
    if (node === undefined) {
      this.#refuse(
        place,
        `${file.path}: a hard link to ${file.linkPath ?? ''}, which does not exist`,
      );
      return;
    }
    if (present !== undefined) this.#hideSubtree(present, place.layer);
    parent.children.set(name, node);
  }

  /**
   * Fast path of `#walk` for nearly every entry: undefined when a link or a missing directory is on
   * the way.
   */
  #plainDirectory(path: string): Node | undefined {
    let node = this.#root;
    for (let from = 0; from < path.length;) {
      const slash = path.indexOf('/', from);
      const end = slash === -1 ? path.length : slash;
      const next = node.children?.get(path.slice(from, end));
      if (next === undefined || next.link !== undefined) return undefined;
      node = next;
      from = end + 1;
    }
    return node;
  }

  #replaceDirectory(node: Node, place: RowPlace): void {
    if (node.place !== undefined) this.#mark(node.place, place.layer);
    node.place = place;
  }

  #nodeOf(file: FileRow, place: RowPlace): Node | undefined {
    if (file.type === 'directory') return directoryNode(place);
    if (file.type === 'symlink') {
      return { place, content: undefined, children: undefined, link: file.linkPath ?? '' };
    }
    if (file.type !== 'hardlink') {
      return { place, content: undefined, children: undefined, link: undefined };
    }
    const target = this.#walk(file.linkPath ?? '', { followLast: false, create: false })?.node;
    if (target?.place === undefined || target.children !== undefined) return undefined;
    this.hasHardLinks = true;
    const content = target.content ?? target.place;
    return { place, content, children: undefined, link: target.link };
  }

  #refuse(place: RowPlace, detail: string): void {
    this.#mark(place, place.layer);
    this.gaps.push({ ...place, detail });
  }

  /** Hides a node and everything below it, without recursion: the depth is untrusted. */
  #hideSubtree(top: Node, layer: number): void {
    const open = [top];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.place !== undefined) this.#mark(node.place, layer);
      if (node.children !== undefined) open.push(...node.children.values());
    }
  }

  #mark({ layer, row }: RowPlace, by: number): void {
    const rows = this.#hidden[layer];
    if (rows !== undefined) rows[row] = by;
  }

  /**
   * Resolves a path from the root, following symbolic links inside it. With `create`, missing
   * directories are created. Undefined when the path does not exist or has too many links.
   */
  #walk(path: string, { followLast, create }: WalkOptions): Found | undefined {
    let rest = path === '' ? [] : path.split('/').toReversed();
    let at: Found = { node: this.#root, path: '' };
    let hops = 0;
    while (rest.length > 0) {
      const name = rest.pop() ?? '';
      const next = step(at, name, create);
      if (next === undefined) return undefined;
      const isLast = rest.length === 0;
      if (next.node.link === undefined || (isLast && !followLast)) {
        at = next;
        continue;
      }
      hops += 1;
      if (hops > analysisLimits.symlinkHops) return undefined;
      const target = linkTarget(at.path, next.node.link);
      // The rest of the path follows the link target, from the root.
      rest = [...rest, ...target.toReversed()];
      if (rest.length > analysisLimits.treePathDepth) return undefined;
      at = { node: this.#root, path: '' };
    }
    return at;
  }
}

interface WalkOptions {
  readonly followLast: boolean;
  readonly create: boolean;
}

interface Found {
  readonly node: Node;
  readonly path: string;
}

function step(at: Found, name: string, create: boolean): Found | undefined {
  const { children } = at.node;
  if (children === undefined) return undefined;
  let node = children.get(name);
  if (node === undefined) {
    if (!create) return undefined;
    node = directoryNode(undefined);
    children.set(name, node);
  }
  return { node, path: joinPath(at.path, name) };
}

function linkTarget(from: string, link: string): string[] {
  const { path } = normalizePath(link.startsWith('/') ? link : `${from}/${link}`);
  return path === '' ? [] : path.split('/');
}

function directoryNode(place: RowPlace | undefined): Node {
  return { place, content: undefined, children: new Map(), link: undefined };
}
