/**
 * Bills of materials in the tree: SPDX and CycloneDX as JSON, also Bitnami's. They are
 * claims of the author of the image, and are reported as such.
 */
import type { PackageType } from '@lazaret/protocol';
import { packageType } from '@lazaret/protocol';
import { PackageURL } from 'packageurl-js';

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { emitPackages } from '../found-package.ts';
import type { FoundPackage } from '../found-package.ts';
import { asList, asObject, asText, field, parseJsonObject } from '../parsing/json-text.ts';
import type { JsonObject } from '../parsing/json-text.ts';

export const claimedSbomReader: Reader = {
  id: 'claimed-sbom',
  version: 1,
  wants: { endings: ['.spdx.json', '.cdx.json', '.spdx'], names: ['bom.json', 'sbom.json'] },
  // Other files with this suffix are in the text format of SPDX; only those of Bitnami are JSON.
  accepts: ({ path }) => path.endsWith('.json') || /(?:^|\/)\.spdx-[^/]+$/.test(path),
  maxBytes: inventoryLimits.readerJsonBytes,
  read(file, emit) {
    const json = parseJsonObject(file.bytes);
    if (asText(field(json, 'spdxVersion')) !== undefined) {
      emitPackages(file.path, listSpdx(json), emit);
    } else if (field(json, 'bomFormat') === 'CycloneDX') {
      emitPackages(file.path, listCycloneDx(json), emit);
    } else if (/spdx|cdx/.test(file.path)) {
      throw new ReadError('unsupported', 'is neither SPDX 2 nor CycloneDX');
    }
  },
};

function* listSpdx(json: JsonObject): Generator<FoundPackage> {
  for (const item of asList(field(json, 'packages'))) {
    const entry = asObject(item);
    const licenses = [
      asText(field(entry, 'licenseConcluded')),
      asText(field(entry, 'licenseDeclared')),
    ];
    const found = claim({
      purl: spdxPurl(entry),
      name: asText(field(entry, 'name')),
      version: asText(field(entry, 'versionInfo')),
      licenses: licenses.filter((one) => one !== undefined && !/^NO(?:NE|ASSERTION)$/.test(one)),
    });
    if (found !== undefined) yield found;
  }
}

function spdxPurl(entry: JsonObject | undefined): string | undefined {
  const reference = asList(field(entry, 'externalRefs'))
    .map(asObject)
    .find((one) => field(one, 'referenceType') === 'purl');
  return asText(field(reference, 'referenceLocator'));
}

/** Components within components, to any depth. */
function* listCycloneDx(json: JsonObject): Generator<FoundPackage> {
  const waiting = [...asList(field(json, 'components'))];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    const entry = asObject(item);
    for (const inner of asList(field(entry, 'components'))) waiting.push(inner);
    const type = field(entry, 'type');
    if (type === 'file' || type === 'operating-system') continue;
    const group = asText(field(entry, 'group'));
    const name = asText(field(entry, 'name'));
    const found = claim({
      purl: asText(field(entry, 'purl')),
      name: group === undefined || name === undefined ? name : `${group}/${name}`,
      version: asText(field(entry, 'version')),
      licenses: asList(field(entry, 'licenses')).map(cycloneDxLicense),
    });
    if (found !== undefined) yield found;
  }
}

function cycloneDxLicense(item: unknown): string | undefined {
  const entry = asObject(item);
  const license = asObject(field(entry, 'license'));
  return (
    asText(field(entry, 'expression')) ??
    asText(field(license, 'id')) ??
    asText(field(license, 'name'))
  );
}

interface Claim {
  readonly purl: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly licenses: readonly (string | undefined)[];
}

/** Components without a version cannot be checked, such as the document's own subject. */
function claim({ purl, name, version, licenses }: Claim): FoundPackage | undefined {
  const known = {
    foundBy: 'claim',
    state: 'installed',
    licenses: licenses.filter((license) => license !== undefined),
  } as const;
  const parsed = parsePurl(purl);
  if (parsed?.version !== undefined) {
    const { type, namespace, name: plain, qualifiers } = parsed;
    const ours = packageType.safeParse(type);
    return {
      ...known,
      ...typesOf(ours.success ? ours.data : undefined, type),
      ...nameOf(type, namespace, plain),
      version: parsed.version,
      qualifiers: qualifiers ?? {},
    };
  }
  if (name === undefined || version === undefined) return undefined;
  return { ...known, type: 'generic', name, version };
}

function typesOf(
  ours: PackageType | undefined,
  type: string,
): Pick<FoundPackage, 'type' | 'purlType'> {
  return ours === undefined ? { type: 'generic', purlType: type } : { type: ours };
}

/** Distributions are namespaces in package URLs, and not part of a package name. */
function nameOf(
  type: string,
  namespace: string | undefined,
  name: string,
): Pick<FoundPackage, 'name' | 'namespace' | 'purlName'> {
  if (namespace === undefined) return { name };
  if (['npm', 'composer', 'golang'].includes(type)) return { name: `${namespace}/${name}` };
  return { name: type === 'maven' ? `${namespace}:${name}` : name, namespace, purlName: name };
}

function parsePurl(purl: string | undefined): PackageURL | undefined {
  try {
    return purl === undefined ? undefined : PackageURL.fromString(purl);
  } catch {
    return undefined;
  }
}
