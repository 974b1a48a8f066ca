/** Short digests and image names. */
import { escapeInvisible } from '@lazaret/protocol';

const shortChars = 12;

/** `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(':');
  return colon < 0 ? digest.slice(0, shortChars) : digest.slice(0, colon + 1 + shortChars);
}

/** The latest name, or the digest if there is no name. */
export function imageTitle(image: {
  readonly names: readonly string[];
  readonly digest: string;
}): string {
  const [first] = image.names;
  return first === undefined ? shortDigest(image.digest) : escapeInvisible(first);
}

/** The same repository pinned to a digest: `lab/app:1.2` becomes `lab/app@sha256:…`. */
export function pinnedReference(reference: string, digest: string): string {
  const at = reference.indexOf('@');
  const name = at < 0 ? reference : reference.slice(0, at);
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  return `${hasTag ? name.slice(0, colon) : name}@${digest}`;
}

/** Shortens the digests within a text, such as versions of signatures. */
export function shortenDigests(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{20,}\b/g, '$1…');
}
