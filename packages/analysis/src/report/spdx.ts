/** A report as an SPDX 2.3 document in JSON (https://spdx.github.io/spdx-spec/v2.3/). */
import { createHash } from 'node:crypto';

import {
  notChecked,
  type InspectionReport,
  type PlacedFile,
  type ReportLayer,
} from '@lazaret/protocol';

import { collectComponents, encodeText, type Component } from './components.ts';
import { resolveDependencies } from './dependencies.ts';
import {
  imagePurl,
  placeText,
  platformText,
  reportUuid,
  subjectName,
  type ReportOptions,
} from './report-identity.ts';
import { escapeInvisible } from '@lazaret/protocol';
import { createSpdxLicenses, noAssertion } from './spdx-licenses.ts';

/** An SPDX document as plain JSON. */
export type SpdxDocument = Readonly<Record<string, unknown>>;
type Element = Readonly<Record<string, unknown>>;
type Relate = (from: string, type: string, to: string) => void;

const documentId = 'SPDXRef-DOCUMENT';
const imageId = 'SPDXRef-Image';
/** The format requires a time; the default is the start of the epoch. */
const noTimestamp = '1970-01-01T00:00:00Z';

/**
 * Every package is included once: contained in the image when it is in the merged view, and
 * always in its layers. Linear in the size of the report.
 */
export function toSpdx(report: InspectionReport, options: ReportOptions = {}): SpdxDocument {
  const { list } = collectComponents(report);
  const ids = new Map(list.map((component, index) => [component.ref, idOf(component, index)]));
  const licenses = createSpdxLicenses();
  const relationships: Element[] = [];
  const relate: Relate = (spdxElementId, relationshipType, relatedSpdxElement) => {
    relationships.push({ spdxElementId, relationshipType, relatedSpdxElement });
  };
  const files = options.files === true ? visibleFiles(report) : [];
  const packages = [
    describeImage(report, files),
    ...report.layers.map(describeLayer),
    ...describeSystem(report),
    ...list.map((one, index) => describePackage(one, idOf(one, index), licenses.declare)),
  ];
  relate(documentId, 'DESCRIBES', imageId);
  for (const layer of report.layers) relate(imageId, 'CONTAINS', layerId(layer.index));
  if (report.distribution !== undefined) relate(imageId, 'CONTAINS', systemId);
  relatePackages(list, report, { ids, relate });
  files.forEach((_, index) => relate(imageId, 'CONTAINS', fileId(index)));
  const extracted = licenses.extracted();
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: documentId,
    name: escapeInvisible(subjectName(report)),
    documentNamespace: namespaceOf(report),
    comment: commentOf(report),
    creationInfo: {
      created: toSeconds(options.timestamp) ?? noTimestamp,
      creators: [escapeInvisible(`Tool: ${report.tool.name}-${report.tool.version}`)],
    },
    packages,
    ...(files.length === 0 ? {} : { files: files.map(describeFile) }),
    ...(extracted.length === 0 ? {} : { hasExtractedLicensingInfos: extracted }),
    relationships,
  };
}

function describeImage(report: InspectionReport, files: readonly PlacedFile[]): Element {
  const { image } = report;
  const digest = /^sha256:([0-9a-f]{64})$/.exec(image?.manifestDigest ?? '')?.[1];
  const purl = imagePurl(report);
  return {
    SPDXID: imageId,
    name: escapeInvisible(subjectName(report)),
    ...(image?.manifestDigest === undefined ? {} : { versionInfo: image.manifestDigest }),
    ...unknownScanner,
    filesAnalyzed: files.length > 0,
    ...(files.length === 0
      ? {}
      : { packageVerificationCode: { packageVerificationCodeValue: verificationCode(files) } }),
    ...(digest === undefined
      ? {}
      : { checksums: [{ algorithm: 'SHA256', checksumValue: digest }] }),
    ...(purl === undefined ? {} : { externalRefs: [purlReference(purl)] }),
    primaryPackagePurpose: image === undefined ? 'OTHER' : 'CONTAINER',
  };
}

function describeLayer(layer: ReportLayer): Element {
  const digest = /^sha256:([0-9a-f]{64})$/.exec(layer.digest ?? '')?.[1];
  return {
    SPDXID: layerId(layer.index),
    name: `layer ${layer.index}`,
    ...(layer.diffId === undefined ? {} : { versionInfo: layer.diffId }),
    ...unknownScanner,
    filesAnalyzed: false,
    ...(digest === undefined
      ? {}
      : { checksums: [{ algorithm: 'SHA256', checksumValue: digest }] }),
    comment: [layer.state, layer.createdBy].filter((text) => text !== undefined).join(': '),
    primaryPackagePurpose: 'ARCHIVE',
  };
}

const systemId = 'SPDXRef-OperatingSystem';

function describeSystem({ distribution }: InspectionReport): readonly Element[] {
  if (distribution === undefined) return [];
  const { id, versionId, prettyName, path } = distribution;
  return [
    {
      SPDXID: systemId,
      name: id === '' ? '(no name)' : escapeInvisible(id),
      ...(versionId === undefined || versionId === ''
        ? {}
        : { versionInfo: escapeInvisible(versionId) }),
      ...unknownScanner,
      filesAnalyzed: false,
      sourceInfo: `named by ${path}`,
      ...(prettyName === undefined ? {} : { summary: prettyName }),
      primaryPackagePurpose: 'OPERATING_SYSTEM',
    },
  ];
}

const unknownScanner = {
  downloadLocation: noAssertion,
  licenseConcluded: noAssertion,
  licenseDeclared: noAssertion,
  copyrightText: noAssertion,
} as const;

function describePackage(
  { name, version, purl, places, visible, licenses }: Component,
  id: string,
  declare: (texts: readonly string[]) => string,
): Element {
  const [{ supplier, state }] = places;
  const where = places.map((place) => `${place.path} (${placeText(place)})`);
  return {
    SPDXID: id,
    name: escapeInvisible(name),
    ...(version === '' ? {} : { versionInfo: escapeInvisible(version) }),
    supplier: supplier === undefined ? noAssertion : `Organization: ${escapeInvisible(supplier)}`,
    ...unknownScanner,
    licenseDeclared: declare(licenses),
    filesAnalyzed: false,
    sourceInfo: `${state}; found in ${where.join(', ')}`,
    ...(visible ? {} : { comment: 'Not in the merged view: a later layer hides or removes it.' }),
    ...(purl === undefined ? {} : { externalRefs: [purlReference(purl)] }),
  };
}

function relatePackages(
  list: readonly Component[],
  report: InspectionReport,
  { ids, relate }: { ids: ReadonlyMap<string, string>; relate: Relate },
): void {
  const known = new Set(report.layers.map(({ index }) => index));
  for (const component of list) {
    const id = ids.get(component.ref) ?? '';
    const layers = new Set(
      component.places.map(({ layer }) => layer).filter((at) => known.has(at)),
    );
    // a directory has no layers, so nothing in it is hidden
    if (component.visible || layers.size === 0) relate(imageId, 'CONTAINS', id);
    for (const layer of layers) relate(layerId(layer), 'CONTAINS', id);
  }
  for (const [from, needed] of resolveDependencies(list)) {
    for (const to of needed) relate(ids.get(from) ?? '', 'DEPENDS_ON', ids.get(to) ?? '');
  }
}

/** Files of the merged view with a known SHA-1, which the format requires. */
function visibleFiles({ files = [] }: InspectionReport): readonly PlacedFile[] {
  return files.filter(
    ({ type, hiddenBy, sha1 }) =>
      type === 'file' && hiddenBy === undefined && /^[0-9a-f]{40}$/.test(sha1 ?? ''),
  );
}

function describeFile(file: PlacedFile, index: number): Element {
  const { path, sha1, sha256, md5 } = file;
  return {
    SPDXID: fileId(index),
    fileName: `./${path}`,
    checksums: [
      { algorithm: 'SHA1', checksumValue: sha1 },
      ...(sha256 === undefined ? [] : [{ algorithm: 'SHA256', checksumValue: sha256 }]),
      ...(md5 === undefined ? [] : [{ algorithm: 'MD5', checksumValue: md5 }]),
    ],
    licenseConcluded: noAssertion,
    copyrightText: noAssertion,
    comment: placeText(file),
  };
}

/** SPDX 2.3, 7.9: SHA-1 over the sorted SHA-1 digests of the files. */
function verificationCode(files: readonly PlacedFile[]): string {
  const hash = createHash('sha1');
  for (const sha1 of files.map(({ sha1: one }) => one ?? '').toSorted()) hash.update(sha1);
  return hash.digest('hex');
}

function purlReference(purl: string): Element {
  return {
    referenceCategory: 'PACKAGE-MANAGER',
    referenceType: 'purl',
    referenceLocator: purl,
  };
}

/** The usual namespace of unpublished documents: an identifier, not the address of a page. */
function namespaceOf(report: InspectionReport): string {
  const name = encodeText(subjectName(report).slice(0, 200));
  return `https://spdx.org/spdxdocs/lazaret-${name}-${reportUuid(report, 'spdx')}`;
}

function commentOf(report: InspectionReport): string {
  const { coverage, verdict } = report;
  const gaps = coverage.complete ? 'complete' : `partial, ${coverage.gapCount} gaps`;
  const platform = platformText(report);
  return [
    ...(platform === undefined ? [] : [`Platform: ${platform}`]),
    `Coverage: ${gaps}`,
    ...notChecked(report).map(({ what }) => `Not checked: ${what}`),
    `Verdict: ${[verdict.state, ...verdict.reasons].join('; ')}`,
    `Fingerprint: ${report.fingerprint}`,
  ].join('\n');
}

/** Letters, digits, dots and hyphens only; the number makes it unique. */
function idOf({ places: [{ type }], name }: Component, index: number): string {
  const slug = name.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 64);
  return `SPDXRef-Package-${type}-${slug}-${index}`;
}

function layerId(index: number): string {
  return `SPDXRef-Layer-${index}`;
}

function fileId(index: number): string {
  return `SPDXRef-File-${index}`;
}

/** `2026-01-02T03:04:05.678Z` as required by the format, without fractions of seconds. */
function toSeconds(timestamp: string | undefined): string | undefined {
  const atMs = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  if (Number.isNaN(atMs)) return undefined;
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
