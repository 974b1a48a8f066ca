/**
 * Parser of source specifications: the single list of prefixes, for the command line and the
 * server. They are those of skopeo (and `registry:` and `oci-dir:` of Syft), so that users know
 * them already; only `docker:NAME` without slashes is an image of the container engine.
 */
import { SourceError } from '@lazaret/oci';
import { parseReference } from '@lazaret/oci';

export type SourceSpec =
  /** `reference` is without its prefix; that of a registry is valid. */
  | { readonly kind: 'registry' | 'engine' | 'container'; readonly reference: string }
  | { readonly kind: 'directory'; readonly path: string }
  /** `PATH[:NAME]`. */
  | { readonly kind: 'oci-layout' | 'image-archive'; readonly place: string }
  /** An archive on standard input, with the name of an image in it. */
  | { readonly kind: 'stdin'; readonly name?: string }
  /** Can only be a path. */
  | { readonly kind: 'path'; readonly path: string }
  /** A path or an image name. */
  | { readonly kind: 'plain'; readonly text: string };

/** Prefix of images in a registry. */
export const registryPrefix = 'docker://';
/** Prefix of images in the container engine. */
export const enginePrefix = 'docker:';
/** Replaces the path of an archive. */
const stdinWord = '-';

/**
 * Parses a source specification, without accessing disk or network. Throws SourceError
 * `invalid_reference` when nothing follows a prefix, `unsupported` for unsupported sources.
 */
export function parseSourceSpec(word: string): SourceSpec {
  const colon = word.indexOf(':');
  const name = word.slice(0, Math.max(colon, 0));
  const rest = word.slice(colon + 1);
  if (unread.has(name)) {
    const message = `unsupported source "${name}:"; save the image as an archive first`;
    throw new SourceError('unsupported', message);
  }
  const read = prefixes.get(name);
  if (read === undefined || isRegistryImageTag(name, rest)) return readBare(word);
  if (rest === '') {
    throw new SourceError('invalid_reference', `missing reference after "${name}:"`);
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

/** Transports of skopeo that are not supported. */
const unread: ReadonlySet<string> = new Set(['containers-storage', 'ostree', 'sif', 'tarball']);

function readDocker(rest: string): SourceSpec {
  return rest.startsWith('//') ? readRegistry(rest) : { kind: 'engine', reference: rest };
}

function readRegistry(rest: string): SourceSpec {
  const reference = rest.startsWith('//') ? rest.slice(2) : rest;
  parseReference(reference);
  return { kind: 'registry', reference };
}

/** `-` and `-:NAME` are standard input; a file with that name is `./-`. */
function readArchive(place: string): SourceSpec {
  if (place === stdinWord || place === `${stdinWord}:`) return { kind: 'stdin' };
  if (!place.startsWith(`${stdinWord}:`)) return { kind: 'image-archive', place };
  return { kind: 'stdin', name: place.slice(stdinWord.length + 1) };
}

/** `registry:2` is an image; after the prefix only text that is not a tag is a reference. */
function isRegistryImageTag(name: string, rest: string): boolean {
  return name === 'registry' && /^[\w][\w.-]*(?:@.*)?$/.test(rest);
}

function readBare(word: string): SourceSpec {
  if (word === stdinWord) return { kind: 'stdin' };
  const isPath = /^(?:\/|\.{1,2}(?:\/|$)|~)/.test(word);
  return isPath ? { kind: 'path', path: word } : { kind: 'plain', text: word };
}
