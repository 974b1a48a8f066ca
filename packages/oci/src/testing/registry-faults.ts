/** What can go wrong with a registry, each to be switched on by name. */

export const registryFaults = {
  'several-challenges': 'a 401 carries challenges of several schemes, in several headers',
  'insufficient-scope': 'the first token of each scope may do nothing',
  'token-expiry': 'the token expires in the middle of a blob, and the connection ends',
  'too-many-requests': '429 with Retry-After',
  'long-pause': '429 that asks to come back tomorrow',
  flapping: '503',
  'connection-reset': 'the connection is cut before an answer',
  'redirect-elsewhere': 'blobs are redirected to storage at another host',
  'expired-redirect': 'the signed URL of a redirect has expired already',
  'endless-redirect': 'blobs are redirected to themselves',
  'redirect-inside': 'blobs are redirected to an address inside the network',
  'slow-body': 'half of a blob comes, then a byte now and then',
  'stalled-body': 'half of a blob comes, then nothing',
  'truncated-body': 'the connection ends in the middle of a blob',
  'short-body': 'a blob ends early, as if it were whole',
  'wrong-length': 'a blob is shorter than its manifest says, by its Content-Length too',
  'digest-mismatch': 'a byte of a blob is another one',
  'no-range': 'ranges are ignored: the answer is the whole blob',
  'other-range': 'a range begins elsewhere than asked',
  'refused-range': '416 for every range',
  'moving-tag': 'a tag names the next manifest after each request for it',
  'deleted-during-scan': 'blobs are gone once a manifest was read',
  'missing-config': 'the smallest blob is gone',
  'wrong-digest-header': 'Docker-Content-Digest is of other bytes',
  'no-digest-header': 'Docker-Content-Digest is left out',
  'wrong-content-type': 'manifests are called indexes, and indexes manifests',
  'changed-manifest': 'the bytes of a manifest are others than its digest says',
  'short-pages': 'pages hold fewer than asked for, with a link to the next',
  'no-links': 'pages have no link: only `last` leads on',
  'all-at-once': 'lists are not cut into pages, whatever is asked',
  'broken-page': 'the second page of a list is an error',
  'endless-pages': 'the last page links to the first',
  'foreign-link': 'the link to the next page leads to another host',
  'no-referrers': 'there is no referrers API',
  'no-catalog': 'there is no catalog',
  'echo-secrets': 'errors repeat what was sent, with the credentials in it',
} as const;

export type RegistryFault = keyof typeof registryFaults;

/** Faults that are on, and how often each will still happen. */
export class FaultSwitches {
  readonly #left = new Map<RegistryFault, number>();
  readonly #only = new Map<RegistryFault, string>();

  /**
   * Switches a fault on, for so many times; without a number until it is switched off. With a
   * digest it happens to that blob alone, where the fault is one of blobs' bodies.
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

  /** Whether it happens now, to this blob; that counts as once. */
  happens(fault: RegistryFault, digest?: string): boolean {
    const left = this.#left.get(fault) ?? 0;
    const only = this.#only.get(fault);
    if (left <= 0 || (only !== undefined && only !== digest)) return false;
    this.#left.set(fault, left - 1);
    return true;
  }
}
