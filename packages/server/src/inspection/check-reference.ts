/**
 * What a caller may name. A server reads no path of its own disk for somebody far away, and asks no
 * host inside its network but those that its operator listed.
 */
import {
  addressOf,
  formatReference,
  isClosedAddress,
  isLoopback,
  parseReference,
  SourceError,
} from '@lazaret/analysis';
import { Problem } from '@lazaret/protocol';

import type { InspectionOption } from '../config/index.ts';

/** The least that is needed of the configuration. */
export type ReferencePolicy = Pick<InspectionOption, 'allowLocal' | 'dockerDaemon' | 'registries'>;

const local = /^(?:(?:docker-archive|oci-archive|oci|dir|container):|[/.~])/;
const daemon = 'docker-daemon:';

/** The reference in its full form. Throws invalid_reference. */
export function checkReference(text: string, policy: ReferencePolicy): string {
  const reference = text.trim();
  if (reference.startsWith(daemon)) {
    if (policy.dockerDaemon) return reference;
    throw refused(`${reference} is an image of the server's own engine, which is not offered`);
  }
  if (local.test(reference)) {
    if (policy.allowLocal) return reference;
    throw refused(`${reference} is on the server itself, which is read for nobody from outside`);
  }
  return checkRegistry(reference, policy);
}

function checkRegistry(text: string, { registries }: ReferencePolicy): string {
  try {
    const parsed = parseReference(text.replace(/^(?:docker|registry):\/\//, ''));
    const isListed = listedHosts(registries).includes(parsed.host);
    if (!registries.public && !isListed) {
      throw refused(`${parsed.host} is not among the registries that this server asks`);
    }
    // A name that leads inside is found out when it is looked up.
    if (!isListed && isInside(parsed.host)) {
      throw refused(`${parsed.host} is inside this network, and the operator did not list it`);
    }
    return formatReference(parsed);
  } catch (error) {
    if (error instanceof SourceError) throw refused(error.message);
    throw error;
  }
}

function isInside(host: string): boolean {
  const { hostname } = new URL(`https://${host}`);
  const address = addressOf(hostname);
  return address === undefined ? isLoopback(hostname) : isClosedAddress(address);
}

/** Those that the operator named: they may be anywhere. */
export function listedHosts(registries: InspectionOption['registries']): string[] {
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

/** As the analysis takes it: a prefix keeps a name from being taken for a path of this machine. */
export function explicitReference(reference: string): string {
  return reference.startsWith(daemon) || local.test(reference)
    ? reference
    : `docker://${reference}`;
}

function refused(detail: string): Problem {
  return new Problem('invalid_reference', detail);
}
