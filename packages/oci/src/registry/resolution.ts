/**
 * What the answer to "which image is this?" is worth. Below a manifest everything is held together
 * by digests, so the report is true of the image whose digest it says, however that came. What a
 * tag names is only somebody's word: a checked certificate proves whose, or nothing does.
 */
import type { Resolution, SourceRemark } from '@lazaret/protocol';

import { formatReference, type RegistryReference } from '../reference.ts';
import type { FetchedManifest } from './read-manifest.ts';

/** Of the manifest that a host gave for a reference. */
export function resolutionOf(
  { digest }: RegistryReference,
  { transport = 'tls' }: Pick<FetchedManifest, 'transport'>,
  host: string,
): Resolution {
  const byWord = transport === 'tls' ? 'certificate' : 'none';
  return { by: host, transport, proof: digest === undefined ? byWord : 'digest' };
}

/** What people should know of it; nothing when the registry itself answered and proved its name. */
export function remarkResolution(
  reference: RegistryReference,
  { by, transport, proof }: Resolution,
  digest: string,
): SourceRemark[] {
  const name = formatReference(reference);
  const remarks: SourceRemark[] = [];
  if (proof !== 'digest' && by !== reference.host) {
    const detail = `the mirror ${by} said which image ${name} is, not ${reference.host} itself`;
    remarks.push({ reason: 'named_by_mirror', detail, digest });
  }
  if (transport === 'tls') return remarks;
  const how = `${by} was asked ${howWords[transport]}`;
  if (proof === 'digest') {
    const worth = 'the digest in the reference proves the bytes all the same';
    const risk = 'whoever is on the way sees what is asked for, and credentials that are sent';
    return [{ reason: 'unverified_transport', detail: `${how}: ${worth}; ${risk}`, digest }];
  }
  const worth = `nobody proved that ${name} is this image`;
  const advice = `the report holds for ${digest} alone: name the image by that`;
  remarks.push({ reason: 'unproven_name', detail: `${how}: ${worth}; ${advice}`, digest });
  return remarks;
}

const howWords = {
  'unverified-tls': 'without its certificate being checked',
  'plain-http': 'over plain HTTP',
} as const;
