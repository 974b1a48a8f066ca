/** The blobs that a manifest lists, of any type of manifest. Pure. */
import { isRecord, ociLimits, parseDigest, parseUntrustedJson } from '@lazaret/oci';

import { gateLimits } from './limits.ts';

/**
 * Digests of the configuration, the layers and other blobs, without repetitions; none of an index
 * and of what cannot be read. Manifests of unknown types are read as well: they pass by their own
 * decision, and clients ask for their blobs.
 */
export function listBlobs(manifest: Buffer): string[] {
  let document: unknown;
  try {
    document = parseUntrustedJson(manifest, {
      what: 'the manifest',
      maxBytes: ociLimits.manifestBytesMax,
    });
  } catch {
    return [];
  }
  if (!isRecord(document)) return [];
  const { config, layers, blobs } = document;
  const found = new Set<string>();
  for (const one of [config, ...listOf(layers), ...listOf(blobs)]) {
    if (!isRecord(one) || typeof one['digest'] !== 'string') continue;
    if (parseDigest(one['digest']) === undefined) continue;
    found.add(one['digest']);
    if (found.size >= gateLimits.references) break;
  }
  return [...found];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
