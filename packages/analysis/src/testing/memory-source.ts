/** Built images as a source, for tests that do not depend on a format. */
import type { ImageSource, SourceLayer } from '@lazaret/oci';
import type { BuiltImage, BuiltLayer } from './image-builder.ts';

export function memorySource(...images: readonly BuiltImage[]): ImageSource {
  return {
    kind: 'oci-layout',
    reference: 'memory',
    list: () =>
      Promise.resolve({
        images: images.map(({ names, descriptor, configDigest, config, layers }) => ({
          names,
          manifestDigest: descriptor.digest,
          configDigest,
          config,
          layers: layers.map(memoryLayer),
        })),
        diagnostics: [],
      }),
    close: () => Promise.resolve(),
  };
}

function memoryLayer({ descriptor, claimedDiffId, stored }: BuiltLayer): SourceLayer {
  return {
    digest: descriptor.digest,
    diffId: claimedDiffId,
    mediaType: descriptor.mediaType,
    sizeBytes: descriptor.size,
    open: () => Promise.resolve(pieces(stored)),
  };
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  const size = 64 * 1024;
  for (let at = 0; at < bytes.length; at += size) {
    // Yields to the event loop, as with a file or a network.
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}
