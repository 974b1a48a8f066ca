/**
 * The records of Banyan Collector: metadata of an image and one record for each system package.
 * Collector asked the package manager of the image; here they come from the inventory. Packages of
 * languages have no records.
 */
import { parseReference, SourceError } from '@lazaret/oci';
import type { ImageConfig, InspectionReport, PackageType } from '@lazaret/protocol';

/** Where an image is, as a registry names it. */
export interface CollectorName {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

export interface CollectorMetadata {
  /** The image ID: the digest of the configuration. */
  readonly Image: string;
  readonly Datetime: string;
  readonly Repo: string;
  readonly Tag: string;
  /** Of the layers as they are stored, in bytes. */
  readonly Size: number;
  readonly Author: string;
  /** Digest of the uppermost layer. */
  readonly Checksum: string;
  readonly Comment: string;
  readonly Parent: string;
  readonly ManifestHash: string;
  readonly Registry: string;
}

export interface CollectorPackage {
  readonly Image: string;
  readonly DistroName: string;
  readonly DistroID: string;
  readonly Pkg: string;
  readonly Version: string;
  readonly Architecture: string;
}

export interface CollectorChange {
  readonly Action: 'ADD' | 'REMOVE';
  readonly ImageMetadata: readonly CollectorMetadata[];
}

const systemPackages: ReadonlySet<PackageType> = new Set(['apk', 'alpm', 'deb', 'rpm']);

/** Without a name, that of the reference in the report. */
export function toCollectorMetadata(
  report: InspectionReport,
  name: CollectorName = nameOf(report),
): CollectorMetadata {
  const { layers } = report;
  const { created = '', author = '', parent = '', history = [] } = report.image?.config ?? {};
  const { manifestDigest = '' } = report.image ?? {};
  return {
    Image: imageId(report),
    Datetime: created,
    Repo: name.repository,
    Tag: name.tag,
    Size: sumSizes(layers),
    Author: author,
    Checksum: layers.at(-1)?.digest ?? '',
    Comment: lastComment(history),
    Parent: parent,
    ManifestHash: manifestDigest,
    Registry: name.registry,
  };
}

function sumSizes(layers: InspectionReport['layers']): number {
  return layers.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
}

function lastComment(history: ImageConfig['history']): string {
  return history.findLast(({ comment }) => comment !== undefined)?.comment ?? '';
}

/**
 * The installed packages that a container sees. As with Collector, an image without any has
 * one record with empty fields; the coverage in the report says whether all could be read.
 */
export function toCollectorPackages(report: InspectionReport): readonly CollectorPackage[] {
  const { distribution, packages } = report;
  const common = {
    Image: imageId(report),
    DistroName: distribution?.prettyName ?? distribution?.id ?? 'Unknown',
    DistroID: distribution?.legacyId ?? 'Unknown',
  };
  const installed = packages.filter(
    ({ type, state, hiddenBy }) =>
      systemPackages.has(type) && state === 'installed' && hiddenBy === undefined,
  );
  if (installed.length === 0) return [{ ...common, Pkg: '', Version: '', Architecture: '' }];
  return installed.map(({ name, version, architecture = '' }) => ({
    ...{ ...common, Pkg: name, Version: version, Architecture: architecture },
  }));
}

/** What a script printed in the image, as text. */
export interface CollectorOutput {
  readonly script: string;
  /** Undefined when it is omitted because it is too large. */
  readonly text: string | undefined;
  readonly sizeBytes: number;
}

/** Output of a script: Collector called it miscellaneous data. */
export function toCollectorOutputLines(
  report: InspectionReport,
  outputs: readonly CollectorOutput[],
): string {
  const records = outputs.map(({ script, text, sizeBytes }) => ({
    ...{ Image: imageId(report), Script: script },
    ...(text === undefined ? { Omitted: sizeBytes } : { MiscData: text }),
  }));
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

/** All records as JSON, one on each line: the metadata of each image and then its packages. */
export function toCollectorLines(reports: readonly InspectionReport[]): string {
  const records = reports.flatMap((report) => {
    const change: CollectorChange = { Action: 'ADD', ImageMetadata: [toCollectorMetadata(report)] };
    return [change, ...toCollectorPackages(report)];
  });
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

/** Directories have no configuration. */
function imageId({ image, source }: InspectionReport): string {
  return image?.configDigest ?? image?.manifestDigest ?? source.reference;
}

function nameOf({ source, image }: InspectionReport): CollectorName {
  const text = source.kind === 'registry' ? source.reference : (image?.names[0] ?? '');
  try {
    const { host, repository, tag = '' } = parseReference(text);
    return { registry: host, repository, tag };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    // A directory, or an image without a name.
    return { registry: '', repository: text, tag: '' };
  }
}
