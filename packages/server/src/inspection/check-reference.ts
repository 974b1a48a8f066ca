/**
 * Which references a caller may use. A server reads no local path for a remote caller, and connects
 * to no host inside its network except those that its operator listed. A refusal names the setting
 * that would allow it. A source that is not an image is always refused: it has no digest to store
 * it under.
 */
import {
  addressOf,
  enginePrefix,
  formatReference,
  isPrivateAddress,
  isLoopback,
  parseReference,
  parseSourceSpec,
  registryPrefix,
  SourceError,
} from '@lazaret/analysis';
import {
  inspectionSettingPath,
  Problem,
  registrySettingPath,
  type InspectionSettings,
} from '@lazaret/protocol';

import { formatArchiveReference, readArchiveReference } from './archive-reference.ts';

/** The required part of the configuration. */
export type ReferencePolicy = Pick<
  InspectionSettings,
  'allowLocal' | 'dockerDaemon' | 'registries'
>;

/** The policy with what is allowed in addition because the project watches the registry. */
export function allowWatched(policy: ReferencePolicy, reference: string): ReferencePolicy {
  const spec = parseSourceSpec(reference.trim());
  if (spec.kind === 'engine') return { ...policy, dockerDaemon: true };
  const text = spec.kind === 'registry' ? spec.reference : reference.trim();
  const { registries } = policy;
  const { host } = parseReference(text);
  return { ...policy, registries: { ...registries, private: [...registries.private, host] } };
}

/** The reference in its full form. Throws invalid_reference. */
export function checkReference(text: string, policy: ReferencePolicy): string {
  try {
    return checkWord(text.trim(), policy);
  } catch (error) {
    if (error instanceof SourceError) throw refused(error.message);
    throw error;
  }
}

function checkWord(written: string, policy: ReferencePolicy): string {
  // Whether the project has it is checked by the caller, which has the project.
  const archive = readArchiveReference(written);
  if (archive !== undefined) return formatArchiveReference(archive);
  const word = parseSourceSpec(written);
  if (word.kind === 'plain') return checkRegistry(word.text, policy);
  if (word.kind === 'registry') return checkRegistry(word.reference, policy);
  if (word.kind === 'engine') {
    if (policy.dockerDaemon) return `${enginePrefix}${word.reference}`;
    throw refused(refusedEngine(word.reference));
  }
  if (word.kind === 'stdin') {
    throw refused('a server has no standard input; `lazaret inspect -` reads it where it is piped');
  }
  if (word.kind === 'directory' || word.kind === 'container') {
    const what = `${written} is a ${word.kind} and no image, and only images are kept on a server`;
    throw refused(`${what}; inspect it with \`lazaret inspect\` where it is`);
  }
  if (policy.allowLocal) return written;
  throw refused(`${written} is on the server itself, ${closedBy('allowLocal')}`);
}

function refusedEngine(reference: string): string {
  const where = `${enginePrefix}${reference} is an image of the server's own engine`;
  const other = `write ${registryPrefix}NAME for an image in a registry`;
  return `${where}, ${closedBy('dockerDaemon')}; ${other}`;
}

function checkRegistry(text: string, { registries }: ReferencePolicy): string {
  const parsed = parseReference(text);
  const { host } = parsed;
  const isListed = listedHosts(registries).includes(host);
  if (!registries.public && !isListed) {
    throw refused(
      `${host} is not among the registries that this server accesses, ${listedBy(host)}`,
    );
  }
  // A name that resolves to an internal address is refused after its lookup.
  if (!isListed && isInside(host)) {
    throw refused(`${host} is inside the server's network and not listed, ${listedBy(host)}`);
  }
  return unmistakable(formatReference(parsed));
}

/** Hosts may be called `docker:5000` and `dir:80`: the stored reference is parsed again. */
function unmistakable(reference: string): string {
  const isPlain = parseSourceSpec(reference).kind === 'plain';
  return isPlain ? reference : `${registryPrefix}${reference}`;
}

function closedBy(setting: 'allowLocal' | 'dockerDaemon'): string {
  return `which is disabled unless the operator sets ${inspectionSettingPath(setting)}`;
}

/** The setting that lists registries at private addresses. */
export const privateHostsSetting: string = registrySettingPath('private');

function listedBy(host: string): string {
  return `which its operator may change by adding ${host} to ${privateHostsSetting}`;
}

function isInside(host: string): boolean {
  const { hostname } = new URL(`https://${host}`);
  const address = addressOf(hostname);
  return address === undefined ? isLoopback(hostname) : isPrivateAddress(address);
}

/** Hosts listed by the operator: they may have any address. */
export function listedHosts(registries: InspectionSettings['registries']): string[] {
  const { plainHttp, skipVerify, mirrors } = registries;
  return [
    ...new Set([
      ...registries.private,
      ...plainHttp,
      ...skipVerify,
      ...Object.entries(mirrors).flatMap(([host, others]) => [host, ...others]),
    ]),
  ];
}

/** For the analysis: a prefix prevents a name from being read as a local path. */
export function explicitReference(reference: string): string {
  const isPlain = parseSourceSpec(reference).kind === 'plain';
  return isPlain ? `${registryPrefix}${reference}` : reference;
}

function refused(detail: string): Problem {
  return new Problem('invalid_reference', detail);
}
