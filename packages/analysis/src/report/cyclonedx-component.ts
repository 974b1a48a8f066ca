/** Components of a CycloneDX document: packages, the operating system, files. */
import type { InspectionReport, PlacedFile, PlacedPackage } from '@lazaret/protocol';

import { encodeText, type Component } from './components.ts';
import { findLicenseId, readLicenseExpression } from './license-expression.ts';
import { placeText } from './report-identity.ts';

export interface Property {
  readonly name: string;
  readonly value: string;
}

/** A component as plain JSON. */
export type Described = Readonly<Record<string, unknown>>;

const versionCharsMax = 1_024;

/** In the namespace `lazaret:`; omitted for unknown values. */
export function property(name: string, value: string | undefined): readonly Property[] {
  return value === undefined ? [] : [{ name: `lazaret:${name}`, value }];
}

/** A package with its licences, its locations and how it was detected. */
export function describePackage(component: Component, report: InspectionReport): Described {
  const { ref, name, version, purl, places, visible } = component;
  const [first] = places;
  const licenses = describeLicenses(component.licenses);
  const hashes = packageHashes(component, report);
  return {
    type: 'library',
    'bom-ref': ref,
    ...(first.supplier === undefined ? {} : { supplier: { name: first.supplier } }),
    name,
    ...(version === '' ? {} : { version: version.slice(0, versionCharsMax) }),
    ...(visible ? {} : { scope: 'excluded' }),
    ...(hashes.length === 0 ? {} : { hashes }),
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(purl === undefined ? {} : { purl }),
    evidence: {
      ...(purl === undefined ? {} : { identity: [identify(component, purl)] }),
      occurrences: places.map(describePlace),
    },
    properties: packageProperties(component, report),
  };
}

function packageProperties({ places }: Component, report: InspectionReport): readonly Property[] {
  const [first] = places;
  const { source } = first;
  const sourceText =
    source?.version === undefined ? source?.name : `${source.name}@${source.version}`;
  const layers = [...new Set(places.map(({ layer }) => layer))];
  const hidden = [...new Set(places.flatMap(({ hiddenBy }) => hiddenBy ?? []))];
  return [
    property('package:type', first.type),
    property('package:architecture', first.architecture),
    property('package:source', sourceText),
    ...[...new Set(places.map(({ foundBy }) => foundBy))].map((by) => property('foundBy', by)),
    ...[...new Set(places.map(({ state }) => state))].map((one) => property('state', one)),
    ...layers.flatMap((layer) => [
      property('layer:index', String(layer)),
      property('layer:diffId', report.layers[layer]?.diffId),
    ]),
    ...hidden.map((layer) => property('hiddenBy:layer', String(layer))),
  ].flat();
}

function describePlace(place: PlacedPackage): Described {
  return {
    location: place.path,
    ...(place.offset === undefined || place.offset < 0 ? {} : { offset: place.offset }),
    additionalContext: placeText(place),
  };
}

const techniques = {
  database: ['manifest-analysis', 1],
  metadata: ['manifest-analysis', 0.9],
  'build-info': ['binary-analysis', 0.9],
  'lock-file': ['manifest-analysis', 0.6],
  pattern: ['binary-analysis', 0.7],
  claim: ['attestation', 0.3],
} as const;

/** The confidence of the package URL, by the detection methods. */
function identify({ places }: Component, purl: string): Described {
  const methods = [...new Set(places.map(({ foundBy }) => foundBy))].map((foundBy) => {
    const [technique, confidence] = techniques[foundBy];
    return { technique, confidence, value: foundBy };
  });
  const confidence = Math.max(...methods.map((method) => method.confidence));
  return { field: 'purl', confidence, concludedValue: purl, methods };
}

/** Digests of the file, when the file itself is the package: a binary with a version in it. */
function packageHashes({ places }: Component, report: InspectionReport): readonly Described[] {
  const file = places
    .filter(({ foundBy }) => foundBy === 'build-info' || foundBy === 'pattern')
    .map(({ layer, path }) => filesOf(report).get(`${layer}:${path}`))
    .find((found) => found !== undefined);
  return file === undefined ? [] : fileHashes(file);
}

const fileIndexes = new WeakMap<InspectionReport, ReadonlyMap<string, PlacedFile>>();

function filesOf(report: InspectionReport): ReadonlyMap<string, PlacedFile> {
  const known = fileIndexes.get(report);
  if (known !== undefined) return known;
  const index = new Map((report.files ?? []).map((file) => [`${file.layer}:${file.path}`, file]));
  fileIndexes.set(report, index);
  return index;
}

/**
 * Known identifiers and names side by side, or one expression: the format does not allow both. A
 * list of several expressions becomes names.
 */
function describeLicenses(licenses: readonly string[]): readonly Described[] {
  const [only] = licenses;
  if (licenses.length === 1 && only !== undefined && findLicenseId(only) === undefined) {
    const expression = readLicenseExpression(only);
    if (expression !== undefined) return [{ expression }];
  }
  return licenses.map((text) => {
    const id = findLicenseId(text);
    return { license: id === undefined ? { name: text } : { id } };
  });
}

/** The values of os-release; undefined when there is no distribution. */
export function describeOperatingSystem(
  { distribution }: InspectionReport,
  takeRef: (wanted: string) => string,
): Described | undefined {
  if (distribution === undefined) return undefined;
  const { id, versionId, prettyName, cpe } = distribution;
  return {
    type: 'operating-system',
    'bom-ref': takeRef(`os:${id}@${versionId ?? ''}`),
    name: id,
    ...(versionId === undefined ? {} : { version: versionId.slice(0, versionCharsMax) }),
    ...(prettyName === undefined ? {} : { description: prettyName }),
    ...(cpe === undefined ? {} : { cpe }),
    evidence: { occurrences: [{ location: distribution.path }] },
    properties: [
      property('distribution:codename', distribution.codename),
      property('distribution:variantId', distribution.variantId),
      property('distribution:legacyId', distribution.legacyId),
      property('foundBy', distribution.foundBy),
    ].flat(),
  };
}

/** A regular file with its digests. */
export function describeFile(file: PlacedFile, takeRef: (wanted: string) => string): Described {
  const hashes = fileHashes(file);
  return {
    type: 'file',
    'bom-ref': takeRef(`file:${file.layer}:${encodeText(file.path)}`),
    name: file.path,
    ...(file.hiddenBy === undefined ? {} : { scope: 'excluded' }),
    ...(hashes.length === 0 ? {} : { hashes }),
    properties: [
      property('file:sizeBytes', String(file.sizeBytes)),
      property('file:mode', file.mode.toString(8)),
      property('file:kind', file.kind),
      property('layer:index', String(file.layer)),
      property('hiddenBy:layer', file.hiddenBy?.toString()),
    ].flat(),
  };
}

/** Only values with the length of a digest, as the schema requires. */
function fileHashes({ sha256, sha1, md5 }: PlacedFile): readonly Described[] {
  return [
    ...digest('SHA-256', sha256, 64),
    ...digest('SHA-1', sha1, 40),
    ...digest('MD5', md5, 32),
  ];
}

function digest(alg: string, content: string | undefined, chars: number): readonly Described[] {
  if (content?.length !== chars || !/^[0-9a-f]+$/i.test(content)) return [];
  return [{ alg, content }];
}
