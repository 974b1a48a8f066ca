/**
 * What a word names by the way it is written: the one list of prefixes, for the command line and
 * the server alike. They are skopeo's (and Syft's `registry:` and `oci-dir:`), so that nobody has
 * to learn others; only `docker:NAME` has no slashes, as people write it, and is the engine's.
 */
import { SourceError } from '@lazaret/oci';
import { parseReference } from '@lazaret/oci';

export type SourceSpec =
  /** `reference` stands without its prefix; that of a registry was parsed. */
  | { readonly kind: 'registry' | 'engine' | 'container'; readonly reference: string }
  | { readonly kind: 'directory'; readonly path: string }
  /** `PATH[:NAME]`. */
  | { readonly kind: 'oci-layout' | 'image-archive'; readonly place: string }
  /** An archive on standard input, and which of its images. */
  | { readonly kind: 'stdin'; readonly name?: string }
  /** Can be nothing but a path. */
  | { readonly kind: 'path'; readonly path: string }
  /** A path, or the image of this name. */
  | { readonly kind: 'plain'; readonly text: string };

/** Before the name of an image in a registry. */
export const registryPrefix = 'docker://';
/** Before the name of an image that the engine has. */
export const enginePrefix = 'docker:';
/** In place of the path of an archive. */
const stdinWord = '-';

/**
 * Reads the prefix of a word; asks neither the disk nor anybody. Throws SourceError
 * `invalid_reference` where nothing follows a prefix, `unsupported` for what cannot be read.
 */
export function parseSourceSpec(word: string): SourceSpec {
  const colon = word.indexOf(':');
  const name = word.slice(0, Math.max(colon, 0));
  const rest = word.slice(colon + 1);
  if (unread.has(name)) {
    const message = `${name}: is a place that cannot be read; save the image as an archive first`;
    throw new SourceError('unsupported', message);
  }
  const read = prefixes.get(name);
  if (read === undefined || isRegistrysTag(name, rest)) return readBare(word);
  if (rest === '') {
    throw new SourceError('invalid_reference', `nothing stands behind "${name}:"`);
  }
  return read(rest);
}

const prefixes: ReadonlyMap<string, (rest: string) => SourceSpec> = new Map([
  ['docker', readDocker],
  ['docker-daemon', (reference) => ({ kind: 'engine', reference })],
  ['registry', readRegistry],
  ['container', (reference) => ({ kind: 'container', reference })],
  ['docker-archive', readArchive],
  ['oci-archive', readArchive],
  ['oci', (place) => ({ kind: 'oci-layout', place })],
  ['oci-dir', (place) => ({ kind: 'oci-layout', place })],
  ['dir', (path) => ({ kind: 'directory', path })],
]);

/** Skopeo's other places. */
const unread: ReadonlySet<string> = new Set(['containers-storage', 'ostree', 'sif', 'tarball']);

function readDocker(rest: string): SourceSpec {
  return rest.startsWith('//') ? readRegistry(rest) : { kind: 'engine', reference: rest };
}

function readRegistry(rest: string): SourceSpec {
  const reference = rest.startsWith('//') ? rest.slice(2) : rest;
  parseReference(reference);
  return { kind: 'registry', reference };
}

/** `-` and `-:NAME` are standard input; a file of that name is `./-`. */
function readArchive(place: string): SourceSpec {
  if (place === stdinWord || place === `${stdinWord}:`) return { kind: 'stdin' };
  if (!place.startsWith(`${stdinWord}:`)) return { kind: 'image-archive', place };
  return { kind: 'stdin', name: place.slice(stdinWord.length + 1) };
}

/** `registry:2` is an image; only what cannot be a tag follows the prefix. */
function isRegistrysTag(name: string, rest: string): boolean {
  return name === 'registry' && /^[\w][\w.-]*(?:@.*)?$/.test(rest);
}

function readBare(word: string): SourceSpec {
  if (word === stdinWord) return { kind: 'stdin' };
  const isPath = /^(?:\/|\.{1,2}(?:\/|$)|~)/.test(word);
  return isPath ? { kind: 'path', path: word } : { kind: 'plain', text: word };
}
