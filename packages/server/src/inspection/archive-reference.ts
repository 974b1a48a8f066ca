/** References to archives of images that were uploaded: `artifact:SHA256`. */

export const artifactPrefix = 'artifact:';
const form = /^artifact:(?:sha256:)?([0-9a-f]{64})$/i;

/** The SHA-256 of the archive of a reference; undefined for any other reference. */
export function readArchiveReference(reference: string): string | undefined {
  return form.exec(reference)?.[1]?.toLowerCase();
}

export function formatArchiveReference(sha256: string): string {
  return `${artifactPrefix}${sha256}`;
}
