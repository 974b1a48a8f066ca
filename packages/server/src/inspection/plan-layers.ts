/**
 * Converts the files of a report to rows of layers: the content of a layer independent of upper
 * layers, and separately the files that this image hides. Pure.
 *
 * Directories without an entry get rows, so that a tree can be opened from the
 * root. The rows of equal layers are equal, number by number, whichever image they came with.
 */
import { createHash } from 'node:crypto';

import type { FileRow, InspectionReport, PlacedFile } from '@lazaret/protocol';

import { inspectionLimits } from './limits.ts';

export interface LayerRow {
  readonly file: FileRow;
  readonly number: number;
  /** 0 is the root, -1 means outside the tree: only the search finds it. */
  parent: number;
  hasChildren: boolean;
  readonly isImplied: boolean;
}

export interface HiddenRow {
  readonly number: number;
  /** `leadsToHidden` for a visible directory with hidden entries below. */
  readonly hiddenBy: number;
}

export const leadsToHidden = -1;
const nowhere = -1;

/** A layer of an image. Its rows are made when they are asked for: most are stored already. */
export class LayerPlan {
  /** Index in the image. */
  readonly position: number;
  readonly diffId: string;
  /** SHA-256 over the entries. */
  readonly content: Buffer;
  readonly #entries: readonly Entry[];
  #tree: LayerTree | undefined;

  constructor({ position, diffId }: Pick<LayerPlan, 'position' | 'diffId'>, files: PlacedFile[]) {
    this.position = position;
    this.diffId = diffId;
    this.#entries = sortEntries(files);
    this.content = hashEntries(this.#entries);
  }

  get rows(): readonly LayerRow[] {
    return this.#plan().rows;
  }

  get hidden(): readonly HiddenRow[] {
    const hiddenBy = this.#entries.map((entry) => entry.hiddenBy);
    return hiddenBy.every((by) => by === undefined) ? [] : this.#plan().hide(hiddenBy);
  }

  #plan(): LayerTree {
    this.#tree ??= new LayerTree(this.#entries.map(({ file }) => file));
    return this.#tree;
  }
}

/** One plan for each layer that was read. */
export function planLayers(report: Pick<InspectionReport, 'layers' | 'files'>): LayerPlan[] {
  const byLayer = Map.groupBy(report.files ?? [], ({ layer }) => layer);
  return report.layers.flatMap(({ index, diffId, digest, state }) => {
    const identity = diffId ?? digest ?? (report.layers.length === 1 ? 'tree' : undefined);
    if (identity === undefined || state === 'missing') return [];
    return [new LayerPlan({ position: index, diffId: identity }, byLayer.get(index) ?? [])];
  });
}

interface Entry {
  readonly file: FileRow;
  readonly hiddenBy: number | undefined;
  readonly text: string;
}

function sortEntries(files: readonly PlacedFile[]): Entry[] {
  return files
    .map((placed) => {
      const { layer: _, hiddenBy, ...file } = placed;
      return { file, hiddenBy, text: JSON.stringify(file) };
    })
    .toSorted((a, b) => compare(a.file.path, b.file.path) || compare(a.text, b.text));
}

/** Of the lines; a call for each would take longer than the hash. */
function hashEntries(entries: readonly Entry[]): Buffer {
  const hash = createHash('sha256');
  for (let at = 0; at < entries.length; at += entriesHashed) {
    const texts = entries.slice(at, at + entriesHashed).map(({ text }) => text);
    hash.update(`${texts.join('\n')}\n`);
  }
  return hash.digest();
}

const entriesHashed = 256;

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

class LayerTree {
  readonly rows: LayerRow[];
  readonly #directories = new Map<string, LayerRow>();
  #implied = 0;

  constructor(files: readonly FileRow[]) {
    this.rows = files.map((file, at) => ({
      ...{ file, number: at + 1, parent: 0, hasChildren: false, isImplied: false },
    }));
    for (const row of this.rows) {
      if (row.file.type === 'directory') this.#directories.set(row.file.path, row);
    }
    // Implied ones are appended meanwhile and already have their parents.
    for (const row of [...this.rows]) this.#attach(row);
  }

  /**
   * Hidden entries, and the directories above them; implied directories are hidden with their last
   * entry.
   */
  hide(hiddenBy: readonly (number | undefined)[]): HiddenRow[] {
    const shown = new Set<number>();
    const above = new Map<number, number>();
    for (const [at, row] of this.rows.entries()) {
      const by = hiddenBy[at];
      if (at >= hiddenBy.length) continue;
      if (by === undefined) this.#climb(row, (one) => !shown.has(one) && shown.add(one) !== null);
      else this.#climb(row, (one) => !above.has(one) && above.set(one, by) !== null);
    }
    const found: HiddenRow[] = [];
    for (const [at, { number, isImplied }] of this.rows.entries()) {
      const own = hiddenBy[at];
      const below = above.get(number);
      if (own !== undefined) found.push({ number, hiddenBy: own });
      else if (below !== undefined) {
        const isGone = isImplied && !shown.has(number);
        found.push({ number, hiddenBy: isGone ? below : leadsToHidden });
      }
    }
    return found;
  }

  /** Visits the directories above a row until one that was visited before. */
  #climb(row: LayerRow, visit: (number: number) => boolean): void {
    let { parent } = row;
    while (parent > 0 && visit(parent)) parent = this.rows[parent - 1]?.parent ?? 0;
  }

  #attach(row: LayerRow): void {
    let at: LayerRow = row;
    for (;;) {
      const slash = at.file.path.lastIndexOf('/');
      if (slash < 0) return;
      const path = at.file.path.slice(0, slash);
      const known = this.#directories.get(path);
      const directory = known ?? this.#imply(path);
      at.parent = directory?.number ?? nowhere;
      if (directory === undefined) return;
      directory.hasChildren = true;
      if (known !== undefined) return;
      at = directory;
    }
  }

  #imply(path: string): LayerRow | undefined {
    if (this.#implied >= inspectionLimits.impliedDirectories) return undefined;
    this.#implied += 1;
    const none = { mode: 0, uid: 0, gid: 0, sizeBytes: 0, mtimeMs: 0 };
    const row: LayerRow = {
      file: { path, type: 'directory', ...none },
      ...{ number: this.rows.length + 1, parent: 0, hasChildren: true, isImplied: true },
    };
    this.rows.push(row);
    this.#directories.set(path, row);
    return row;
  }
}
