/** Rows of the search in images, and their conversion to hits. */
import type { PlacedFinding, PlacedPackage, SearchHit, VerdictState } from '@lazaret/protocol';
import { sql, type RawBuilder } from 'kysely';

import { bareHit, type KeyedRow } from '../../floor/searchable.ts';
import { leadsToHidden } from '../plan-layers.ts';

interface ImageRow extends KeyedRow {
  readonly digest: string;
  readonly project: string;
  readonly names: string[];
  readonly platform: string | null;
  readonly verdict: string;
}

export interface FileHitRow extends ImageRow {
  readonly position: number;
  readonly hidden_by: number | null;
  readonly path: string;
  readonly file: NonNullable<SearchHit['file']>;
}

export interface PackageHitRow extends ImageRow {
  readonly fact: PlacedPackage;
}

export interface FindingHitRow extends ImageRow {
  readonly finding: PlacedFinding;
}

export type ImageHitRow = ImageRow;

/** Columns of the image in every statement. */
export const imageColumns: RawBuilder<unknown> = sql`images.digest, images.project, images.names,
  images.platform, images.verdict`;

function common({ digest, project, names, platform, verdict }: ImageRow) {
  return { image: digest, project, names, platform, verdict: verdict as VerdictState };
}

export function toFileHit(row: FileHitRow): SearchHit {
  const { path, position, hidden_by: hidden } = row;
  const file = withoutNulls(row.file);
  return bareHit({
    ...{ kind: 'file', id: file.sha256 ?? path, title: path, ...common(row), path, file },
    ...{ layer: position, hiddenBy: hidden === leadsToHidden ? null : hidden },
  });
}

export function toPackageHit(row: PackageHitRow): SearchHit {
  const { type, name, version, purl, layer, hiddenBy, path } = row.fact;
  return bareHit({
    ...{ kind: 'package', id: purl, title: `${name} ${version}`, ...common(row), layer, path },
    ...{ hiddenBy: hiddenBy ?? null, package: { type, name, version, purl } },
  });
}

export function toFindingHit(row: FindingHitRow): SearchHit {
  const { scanner, class: kind, severity, rule, title, layer, hiddenBy, path } = row.finding;
  return bareHit({
    ...{ kind: 'finding', id: rule, title, ...common(row), layer: layer ?? null },
    ...{ hiddenBy: hiddenBy ?? null, path: path ?? null },
    finding: { scanner, class: kind, severity, rule, title },
  });
}

export function toImageHit(row: ImageHitRow): SearchHit {
  const { digest, names } = row;
  return bareHit({ kind: 'image', id: digest, title: names[0] ?? digest, ...common(row) });
}

function withoutNulls<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null)) as T;
}
