/** Artifacts made in memory: manifests that are not an image, with blobs that are files. */
import { buildImage, describe } from './image-builder.ts';
import type { BuiltImage } from './image-builder.ts';

export interface ArtifactInput {
  readonly blobs: readonly {
    readonly title?: string;
    readonly bytes: Uint8Array;
    readonly mediaType?: string;
    /** Instead of the real value. */
    readonly digest?: string;
  }[];
  readonly names?: readonly string[];
  /** `{}`, without a type, unless given. */
  readonly config?: { readonly bytes: Uint8Array; readonly mediaType: string };
  readonly artifactType?: string;
}

export async function buildArtifact(input: ArtifactInput): Promise<BuiltImage> {
  const { blobs, names = [], artifactType } = input;
  const empty = { bytes: Buffer.from('{}'), mediaType: 'application/vnd.oci.empty.v1+json' };
  const config = input.config ?? empty;
  return buildImage({
    names,
    configBytes: config.bytes,
    layers: blobs.map(({ title, bytes, mediaType = 'application/octet-stream', digest }) => ({
      ...{ stored: bytes, mediaType },
      ...(digest !== undefined && { claims: { digest } }),
      ...(title !== undefined && {
        descriptor: { annotations: { 'org.opencontainers.image.title': title } },
      }),
    })),
    manifestFields: {
      config: describe(config.bytes, config.mediaType),
      ...(artifactType !== undefined && { artifactType }),
    },
  });
}
