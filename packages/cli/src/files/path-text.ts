/** Whether an argument that may be an image reference is meant as a path. */

/** `./app.tar`, `../app`, `/srv/app.tar`, `~/app.tar`: never an image reference. */
export function isPathText(argument: string): boolean {
  return /^(?:\.{1,2}$|\.{0,2}\/|~)/.test(argument);
}

/**
 * A name with the suffix of an archive or a report and without a tag or a digest: it would be valid
 * as an image reference, but is more likely a file.
 */
export function looksLikeFile(argument: string): boolean {
  return /^[^:@]+\.(?:tar|tgz|tzst|oci|zip|json|tar\.\w+)$/i.test(argument);
}
