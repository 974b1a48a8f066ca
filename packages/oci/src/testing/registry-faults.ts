/** Faults that can be injected into the registry, by name. */

export const registryFaults = {
  'several-challenges': 'a 401 has challenges of several schemes, in several headers',
  'insufficient-scope': 'the first token of each scope has no permissions',
  'token-expiry': 'the token expires in the middle of a blob, and the connection closes',
  'too-many-requests': '429 with Retry-After',
  'long-pause': '429 with a Retry-After of one day',
  flapping: '503',
  'connection-reset': 'the connection is closed before a response',
  'redirect-elsewhere': 'blobs are redirected to a storage host',
  'expired-redirect': 'the signed URL of a redirect has already expired',
  'endless-redirect': 'blobs are redirected to themselves',
  'redirect-inside': 'blobs are redirected to a private address',
  'slow-body': 'half of a blob is sent, then single bytes slowly',
  'stalled-body': 'half of a blob is sent, then nothing',
  'truncated-body': 'the connection closes in the middle of a blob',
  'short-body': 'a blob ends early without an error',
  'wrong-length': 'a blob and its Content-Length are shorter than in its manifest',
  'digest-mismatch': 'one byte of a blob is changed',
  'no-range': 'ranges are ignored: the response is the whole blob',
  'other-range': 'a range starts at a different offset',
  'refused-range': '416 for every range',
  'moving-tag': 'a tag moves to the next manifest after each request',
  'deleted-during-scan': 'blobs are missing after a manifest was read',
  'missing-config': 'the smallest blob is missing',
  'wrong-digest-header': 'Docker-Content-Digest is wrong',
  'no-digest-header': 'Docker-Content-Digest is missing',
  'wrong-content-type': 'the content types of manifests and indexes are swapped',
  'changed-manifest': 'the bytes of a manifest do not match its digest',
  'short-pages': 'pages have fewer items than requested, with a link to the next',
  'no-links': 'pages have no link: only `last` is supported',
  'all-at-once': 'lists are never split into pages',
  'broken-page': 'the second page of a list is an error',
  'endless-pages': 'the last page links to the first',
  'foreign-link': 'the link to the next page points to another host',
  'listed-digests': 'the list of tags contains their digests, as that of Google does',
  'hidden-manifest': 'manifests are answered as those of an unknown repository',
  'refused-manifest': 'a manifest is refused with 403',
  'no-deletion': 'manifests cannot be deleted',
  'ignored-deletion': 'a deletion is accepted, but the manifest stays',
  'refused-deletion': 'a deletion is refused with 403',
  'tag-deletion': 'a tag can be deleted alone, as in Distribution 3',
  'cut-upload': 'the connection closes in the middle of an upload',
  'redirected-upload': 'uploads are redirected to another host',
  'no-mount': 'blobs are not mounted from other repositories',
  'lost-upload': 'uploads that have begun are forgotten',
  'refused-push': 'pushes of manifests are refused with 403',
  'chunk-size': 'chunks must have at least 100 bytes',
  'moving-tag-on-delete': 'tags of a manifest move to another one just before it is deleted',
  'no-referrers': 'there is no referrers API',
  'no-catalog': 'there is no catalog',
  'echo-secrets': 'errors echo the request with its credentials',
  'echo-refusal': 'authorized requests get 400 with their credentials',
} as const;

export type RegistryFault = keyof typeof registryFaults;

/** Active faults with the number of remaining occurrences. */
export class FaultSwitches {
  readonly #left = new Map<RegistryFault, number>();
  readonly #only = new Map<RegistryFault, string>();

  /**
   * Activates a fault for a number of times, or until it is switched off. With a digest it only
   * applies to that blob, for faults of blob bodies.
   */
  on(fault: RegistryFault, times = Number.POSITIVE_INFINITY, digest?: string): void {
    this.#left.set(fault, times);
    if (digest === undefined) this.#only.delete(fault);
    else this.#only.set(fault, digest);
  }

  off(fault?: RegistryFault): void {
    if (fault === undefined) this.#left.clear();
    else this.#left.delete(fault);
  }

  /** Whether the fault applies now, to this blob; counts as one occurrence. */
  happens(fault: RegistryFault, digest?: string): boolean {
    const left = this.#left.get(fault) ?? 0;
    const only = this.#only.get(fault);
    if (left <= 0 || (only !== undefined && only !== digest)) return false;
    this.#left.set(fault, left - 1);
    return true;
  }
}
