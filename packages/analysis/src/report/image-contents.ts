/** Whether the image of a report lacks the content that a finding of another report is about. */
import type { InspectionReport, PlacedFinding } from '@lazaret/protocol';

import { structuralGaps, type GapIndex, type Side } from './comparability.ts';

/** Whether an image has a content in any layer; undefined if that is not known. */
export type HasContent = (side: Side, sha256: string) => boolean | undefined;

export class ImageContents {
  readonly #own: InspectionReport;
  readonly #diffIds: ReadonlySet<string>;
  readonly #purls: ReadonlySet<string>;
  readonly #digests: ReadonlySet<string> | undefined;
  readonly #gaps: GapIndex;
  readonly #hasContent: (sha256: string) => boolean | undefined;

  /** `own` has the findings, `other` is the image that may lack their content. */
  constructor(
    own: InspectionReport,
    other: InspectionReport,
    hasContent: (sha256: string) => boolean | undefined,
  ) {
    this.#own = own;
    this.#hasContent = hasContent;
    this.#diffIds = new Set(other.layers.flatMap(({ diffId }) => diffId ?? []));
    this.#purls = new Set(other.packages.map(({ purl }) => purl));
    this.#digests =
      other.files === undefined
        ? undefined
        : new Set(other.files.flatMap(({ sha256 }) => sha256 ?? []));
    this.#gaps = structuralGaps(other);
  }

  /** True only if it is certain. */
  lacks({ purl, sha256, path, layer }: PlacedFinding): boolean {
    const diffId = layer === undefined ? undefined : this.#own.layers[layer]?.diffId;
    if (diffId !== undefined && this.#diffIds.has(diffId)) return false;
    if (this.#gaps.covers(path)) return false;
    if (purl !== undefined) return !this.#purls.has(purl);
    if (sha256 === undefined) return false;
    return (this.#hasContent(sha256) ?? this.#digests?.has(sha256)) === false;
  }
}
