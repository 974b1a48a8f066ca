/**
 * How trustworthy the resolution of a reference is. Below a manifest everything is linked by
 * digests, so a report is always correct for the digest that it states. What a tag points to is
 * only the claim of a server, authenticated by a verified certificate or by nothing.
 */
import type { Resolution, SourceDiagnostic } from '@lazaret/protocol';

import { formatReference, type RegistryReference } from '../reference/reference.ts';
import type { FetchedManifest } from './read-manifest.ts';

/** The resolution of a reference by the manifest that a host returned. */
export function resolutionOf(
  { digest }: RegistryReference,
  { transport = 'tls' }: Pick<FetchedManifest, 'transport'>,
  host: string,
): Resolution {
  const byWord = transport === 'tls' ? 'certificate' : 'none';
  return { by: host, transport, proof: digest === undefined ? byWord : 'digest' };
}

/** Warnings about a resolution; none when the registry itself responded over verified TLS. */
export function resolutionDiagnostics(
  reference: RegistryReference,
  { by, transport, proof }: Resolution,
  digest: string,
): SourceDiagnostic[] {
  const name = formatReference(reference);
  const diagnostics: SourceDiagnostic[] = [];
  if (proof !== 'digest' && by !== reference.host) {
    const detail = `${name} was resolved by the mirror ${by}, not by ${reference.host}`;
    diagnostics.push({ reason: 'named_by_mirror', detail, digest });
  }
  if (transport === 'tls') return diagnostics;
  const how = `${by} was queried ${transportText[transport]}`;
  if (proof === 'digest') {
    const worth = 'the digest in the reference still proves the content';
    const risk = 'the requests and any credentials are visible on the network';
    return [{ reason: 'unverified_transport', detail: `${how}: ${worth}; ${risk}`, digest }];
  }
  const worth = `the name ${name} is unverified`;
  const advice = `the report is only valid for ${digest}; use this digest as the reference`;
  diagnostics.push({ reason: 'unproven_name', detail: `${how}: ${worth}; ${advice}`, digest });
  return diagnostics;
}

const transportText = {
  'unverified-tls': 'without certificate verification',
  'plain-http': 'over plain HTTP',
} as const;
