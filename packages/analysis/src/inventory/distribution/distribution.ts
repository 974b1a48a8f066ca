/**
 * The distribution of a tree. Every file that names it becomes a fact, with the name of the file;
 * the merge prefers `os-release`, then the order of `sources`.
 */
import type { DistributionFact, Fact } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';
import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { legacyDistributionId } from './legacy-distribution.ts';
import { parseAssignments } from './os-release.ts';
import { present } from '../parsing/package-text.ts';
import { parseReleaseCpe, parseReleaseText } from './release-text.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';

type Described = Omit<DistributionFact, 'kind' | 'path' | 'foundBy' | 'legacyId'>;
type Describe = (bytes: Buffer, warnings: ParseWarnings) => Described;

/** A line of a release file. */
const lineBytes = 4_096;

/** By path, the most reliable first. */
const sources: ReadonlyMap<string, Describe> = new Map<string, Describe>([
  ['etc/os-release', describeOsRelease],
  ['usr/lib/os-release', describeOsRelease],
  ['etc/alpine-release', (bytes) => withVersion('alpine', 'Alpine Linux', firstLine(bytes))],
  ['etc/photon-release', describeText],
  ['etc/mariner-release', describeText],
  ['etc/azurelinux-release', describeText],
  ['etc/almalinux-release', describeText],
  ['etc/rocky-release', describeText],
  ['etc/oracle-release', describeText],
  ['etc/fedora-release', describeText],
  ['etc/centos-release', describeText],
  ['etc/redhat-release', describeText],
  ['etc/system-release', describeText],
  ['etc/system-release-cpe', describeCpe],
  ['etc/SuSE-release', describeSuse],
  ['etc/lsb-release', describeLsb],
  ['etc/debian_version', describeDebian],
  ['etc/gentoo-release', describeText],
  ['etc/slackware-version', describeText],
  // Often an empty file.
  ['etc/arch-release', () => ({ id: 'arch', prettyName: 'Arch Linux' })],
]);

/** The files that name a distribution, the most reliable first. */
export const releaseFiles: readonly string[] = [...sources.keys()];

/** Values of `foundBy` in facts, the most reliable first; `busybox` is the last. */
export const distributionSources: readonly string[] = [
  ...new Set([...sources.keys()].map(nameOf)),
  'busybox',
];

export const distributionReader: Reader = {
  id: 'distribution',
  version: 1,
  wants: { names: [...new Set([...sources.keys()].map(nameOf))] },
  accepts: ({ path }) => sources.has(path),
  maxBytes: inventoryLimits.osReleaseBytes,
  read({ path, bytes }, emit) {
    const warnings = createParseWarnings({ reader: 'distribution', path, emit });
    const described = sources.get(path)?.(bytes, warnings);
    if (described !== undefined) emit(factOf(described, path, nameOf(path)));
  },
};

const busyboxPath = /^(?:usr\/)?s?bin\/busybox$/;
const banner = 'BusyBox v';

/** An image of nothing but busybox has no release file; the program contains its version. */
export const busyboxReader: Reader = {
  id: 'busybox',
  version: 1,
  wants: { names: ['busybox'] },
  accepts: ({ path }) => busyboxPath.test(path),
  maxBytes: analysisLimits.readerFileBytes,
  read: readBusybox,
};

function readBusybox({ path, bytes }: WholeFile, emit: (fact: Fact) => void): void {
  const place = bytes.indexOf(banner, 0, 'latin1');
  if (place === -1) return;
  const text = bytes.toString('latin1', place + banner.length, place + banner.length + 32);
  const [versionId] = /^\d[0-9.]*/.exec(text) ?? [];
  if (versionId === undefined) return;
  emit(factOf({ id: 'busybox', versionId, prettyName: `BusyBox ${versionId}` }, path, 'busybox'));
}

function factOf(described: Described, path: string, foundBy: string): DistributionFact {
  const { prettyName } = described;
  const legacyId = prettyName === undefined ? undefined : legacyDistributionId(prettyName);
  return {
    kind: 'distribution',
    path,
    ...described,
    foundBy,
    ...present('legacyId', legacyId),
  };
}

function describeOsRelease(bytes: Buffer, warnings: ParseWarnings): Described {
  const variables = parseAssignments(bytes, warnings);
  if (variables.size === 0) throw new ReadError('damaged', 'no assignment in it');
  const like = (variables.get('ID_LIKE') ?? '').split(/\s+/).filter((word) => word !== '');
  return {
    // os-release(5): the default when it is not set.
    id: (variables.get('ID') ?? '') || 'linux',
    ...present('idLike', like),
    ...present('versionId', variables.get('VERSION_ID')),
    ...present('codename', variables.get('VERSION_CODENAME') ?? codenameIn(variables)),
    ...present('variantId', variables.get('VARIANT_ID')),
    ...present('prettyName', variables.get('PRETTY_NAME') ?? variables.get('NAME')),
    ...present('cpe', variables.get('CPE_NAME')),
  };
}

/** `VERSION="8 (jessie)"` from before VERSION_CODENAME, of Debian and its derivatives. */
function codenameIn(variables: ReadonlyMap<string, string>): string | undefined {
  const [, codename] = /^[\d.]+ \(([a-z]+)\)$/.exec(variables.get('VERSION') ?? '') ?? [];
  return codename ?? variables.get('UBUNTU_CODENAME');
}

function describeText(bytes: Buffer): Described {
  const line = firstLine(bytes);
  return { ...parseReleaseText(line), prettyName: line };
}

function describeCpe(bytes: Buffer): Described {
  const cpe = firstLine(bytes);
  const parsed = parseReleaseCpe(cpe);
  if (parsed === undefined) throw new ReadError('damaged', 'no name of a platform in it');
  return { ...parsed, cpe };
}

/** The name in the first line, then `VERSION = 11` and `PATCHLEVEL = 4`. */
function describeSuse(bytes: Buffer): Described {
  const values = new Map<string, string>();
  for (const line of headLines(bytes)) {
    const [, name, value] = /^([A-Z]+)\s*=\s*(\S+)/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  const described = describeText(bytes);
  const version = values.get('VERSION');
  const patch = values.get('PATCHLEVEL') ?? '0';
  const versionId = patch === '0' || version === undefined ? version : `${version}.${patch}`;
  return {
    ...described,
    ...present('versionId', versionId ?? described.versionId),
    ...present('codename', values.get('CODENAME') ?? described.codename),
  };
}

function describeLsb(bytes: Buffer, warnings: ParseWarnings): Described {
  const variables = parseAssignments(bytes, warnings);
  const name = variables.get('DISTRIB_ID') ?? '';
  const description = variables.get('DISTRIB_DESCRIPTION');
  if (name === '') throw new ReadError('unsupported', 'no DISTRIB_ID in it');
  return {
    id: parseReleaseText(name).id,
    ...present('versionId', variables.get('DISTRIB_RELEASE')),
    ...present('codename', variables.get('DISTRIB_CODENAME')),
    ...present('prettyName', description),
  };
}

/** `12.5`, or `trixie/sid` before a release, which only has a name. */
function describeDebian(bytes: Buffer): Described {
  const line = firstLine(bytes);
  if (/^\d/.test(line)) return withVersion('debian', 'Debian', line);
  return { id: 'debian', codename: line.replace(/\/sid$/, ''), prettyName: `Debian ${line}` };
}

function withVersion(id: string, name: string, versionId: string): Described {
  return { id, versionId, prettyName: `${name} ${versionId}` };
}

/** The first line that is not empty. Throws when there is none. */
function firstLine(bytes: Buffer): string {
  for (const line of headLines(bytes)) if (line !== '') return line;
  throw new ReadError('damaged', 'an empty file');
}

function* headLines(bytes: Buffer): Generator<string, void, undefined> {
  const head = bytes.subarray(0, lineBytes);
  for (const { start, end } of linesOf(head)) {
    yield textOf(head, start, end)
      .replaceAll(/\p{Cc}/gu, ' ')
      .trim();
  }
}

/** `centos-release` of `etc/centos-release`. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
