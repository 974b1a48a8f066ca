/** Images, files, packages and findings in the global search. */
import type { SearchTerm } from '@lazaret/protocol';
import type { Kysely, RawBuilder } from 'kysely';

import type { Database } from '../../floor/db/schema.ts';
import {
  createSearchable,
  withinBounds,
  type HitPlan,
  type Searchable,
} from '../../floor/searchable.ts';
import { storable } from '../../floor/storable.ts';
import { findingsByContent, findingsByPart, packagesByName, packagesByPart } from './fact-plans.ts';
import { filesByDigest, filesByDigestStart, filesByName, filesByPath } from './file-plans.ts';
import { toFileHit, toFindingHit, toImageHit, toPackageHit } from './hit-row.ts';
import type { FileHitRow, FindingHitRow, ImageHitRow, PackageHitRow } from './hit-row.ts';
import { imagesByDigest, imagesByDigestStart, imagesByName } from './image-plans.ts';

type Within = RawBuilder<boolean>;

/** In the order of the kinds. */
export function imageSearchables(database: Kysely<Database>): Searchable[] {
  const permission = 'images.read';
  const bounded =
    <Row>(plans: (term: SearchTerm, within: Within) => readonly Row[]) =>
    (term: SearchTerm, bounds: Parameters<typeof withinBounds>[1]): readonly Row[] =>
      plans({ ...term, text: storable(term.text) }, withinBounds('images.project', bounds));
  const common = { database, permission } as const;
  return [
    createSearchable({ kind: 'image', ...common, plans: bounded(planImages), toHit: toImageHit }),
    createSearchable({ kind: 'file', ...common, plans: bounded(planFiles), toHit: toFileHit }),
    createSearchable({
      ...{ kind: 'package', ...common },
      ...{ plans: bounded(planPackages), toHit: toPackageHit },
    }),
    createSearchable({
      ...{ kind: 'finding', ...common },
      ...{ plans: bounded(planFindings), toHit: toFindingHit },
    }),
  ];
}

function planImages(term: SearchTerm, within: Within): readonly HitPlan<ImageHitRow>[] {
  const { text, digest, digestStart, path, purl, advisory } = term;
  if (digest !== undefined) {
    return digest.algorithm === 'sha256' ? [imagesByDigest(within, digest.hex)] : [];
  }
  if (path !== undefined || purl !== undefined || advisory !== undefined) return [];
  const byStart = digestStart === undefined ? [] : [imagesByDigestStart(within, digestStart)];
  return [...byStart, imagesByName(within, text)];
}

function planFiles(term: SearchTerm, within: Within): readonly HitPlan<FileHitRow>[] {
  const { text, digest, digestStart, path, purl, advisory } = term;
  if (digest !== undefined) return [filesByDigest(within, digest)];
  if (path !== undefined) return [filesByPath(within, storable(path))];
  if (purl !== undefined || advisory !== undefined) return [];
  const byStart = digestStart === undefined ? [] : [filesByDigestStart(within, digestStart)];
  const byName = filesByName(within, text);
  return byName === undefined ? byStart : [...byStart, byName];
}

function planPackages(term: SearchTerm, within: Within): readonly HitPlan<PackageHitRow>[] {
  const { text, digest, path, purl, advisory } = term;
  if (digest !== undefined || path !== undefined || advisory !== undefined) return [];
  return [purl === undefined ? packagesByPart(within, text) : packagesByName(within, text)];
}

function planFindings(term: SearchTerm, within: Within): readonly HitPlan<FindingHitRow>[] {
  const { text, digest, path, purl } = term;
  if (digest !== undefined) {
    return digest.algorithm === 'sha256' ? [findingsByContent(within, digest.hex)] : [];
  }
  return path === undefined && purl === undefined ? [findingsByPart(within, text)] : [];
}
