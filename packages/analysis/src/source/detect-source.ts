/**
 * Detects the source of a command line argument: an existing path, a prefixed source or an image
 * name.
 */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { sniffCompression } from '../archive/decompress.ts';
import { blockBytes, isZeroBlock, parseHeader } from '../archive/tar-header.ts';
import type { DockerEndpoint } from '@lazaret/docker';
import { openFileBytes } from './file-bytes.ts';
import { directoryFiles } from './image-files.ts';
import { SourceError } from '@lazaret/oci';
import { isUnpackedDocker } from './list-docker.ts';
import { isTag, parseReference } from '@lazaret/oci';
import { enginePrefix, parseSourceSpec, registryPrefix } from './source-spec.ts';
import { z } from 'zod';

export type DetectedSource = (
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'oci-layout' | 'image-archive'; readonly path: string; readonly name?: string }
  | { readonly kind: 'stdin'; readonly reference: string; readonly name?: string }
  | { readonly kind: 'engine' | 'container' | 'registry'; readonly reference: string }
) & {
  /** For the user: another possible meaning of the argument, or what was tried before. */
  readonly hint?: string;
};

export interface DetectOptions {
  /** The container engine that is queried first for an image; none is queried without it. */
  readonly engine?: DockerEndpoint | undefined;
}

/**
 * Throws SourceError: `not_found` for a missing path, `invalid_reference` for an invalid name,
 * `unsupported` otherwise.
 */
export async function detectSource(
  word: string,
  options: DetectOptions = {},
): Promise<DetectedSource> {
  const read = parseSourceSpec(word);
  if (read.kind === 'path' || read.kind === 'plain') {
    const facts = await factsOf(word);
    if (facts !== undefined) return describePath(word, facts);
    if (read.kind === 'plain') return detectImage(word, options);
    throw new SourceError('not_found', `${word} does not exist`);
  }
  if ('place' in read) return { kind: read.kind, ...(await pathAndName(read.place)) };
  if (read.kind === 'stdin') return { ...read, reference: word };
  return read.kind === 'engine' ? { ...read, ...engineHint(word, read.reference) } : read;
}

/** `docker` is also the name of an image, so `docker:dind` is ambiguous. */
function engineHint(word: string, reference: string): { hint?: string } {
  if (word !== `${enginePrefix}${reference}` || !isTag(reference)) return {};
  const meant = `use ${registryPrefix}${word} for the image with this name in a registry`;
  return {
    hint: `${word} was interpreted as the image ${reference} of the local container engine; ${meant}`,
  };
}

/** Splits `PATH[:NAME]`; a path that exists as written has no name. */
async function pathAndName(rest: string): Promise<{ path: string; name?: string }> {
  const colon = rest.indexOf(':');
  if (colon <= 0 || (await factsOf(rest)) !== undefined) return { path: rest };
  const name = rest.slice(colon + 1);
  return { path: rest.slice(0, colon), ...(name === '' ? {} : { name }) };
}

async function describePath(path: string, facts: Stats): Promise<DetectedSource> {
  const hint = pathHint(path);
  if (facts.isDirectory()) {
    // Treated like an archive, where both image lists are read.
    if (await isUnpackedDocker(await directoryFiles(path))) {
      return { kind: 'image-archive', path, ...hint };
    }
    const layout = await factsOf(join(path, 'oci-layout'));
    return { kind: layout?.isFile() === true ? 'oci-layout' : 'directory', path, ...hint };
  }
  if (!facts.isFile()) {
    throw new SourceError('unsupported', `${path} is neither a file nor a directory`);
  }
  if (await looksLikeArchive(path)) return { kind: 'image-archive', path, ...hint };
  throw new SourceError('unsupported', `${path} is not an image archive`);
}

/** A directory named `debian` is ambiguous with the image. */
function pathHint(path: string): { hint?: string } {
  if (path.includes('/') && !/^[\w.-]+\/[\w.-]+:/.test(path)) return {};
  try {
    parseReference(path);
  } catch {
    return {};
  }
  return {
    hint: `${path} was interpreted as a path; use ${registryPrefix}${path} for the image with this name`,
  };
}

async function looksLikeArchive(path: string): Promise<boolean> {
  const file = await openFileBytes(path);
  try {
    return isArchiveStart(await file.read(0, blockBytes));
  } finally {
    await file.close();
  }
}

/** Whether the first 512 bytes of a file, or all of a smaller one, can begin an image archive. */
function isArchiveStart(head: Buffer): boolean {
  if (sniffCompression(head) !== 'none') return true;
  if (head.length < blockBytes) return false;
  try {
    const block = head.subarray(0, blockBytes);
    if (!isZeroBlock(block)) parseHeader(block, 0);
    return true;
  } catch {
    return false;
  }
}

async function detectImage(word: string, { engine }: DetectOptions): Promise<DetectedSource> {
  const answer = engine === undefined ? false : await askEngine(word, engine);
  if (answer === true) return { kind: 'engine', reference: word };
  parseReference(word);
  const hint = answer === false ? {} : { hint: `no container engine was queried: ${answer}` };
  return { kind: 'registry', reference: word, ...hint };
}

/** Whether the engine has the image; an error message when it is unavailable. */
async function askEngine(word: string, endpoint: DockerEndpoint): Promise<boolean | string> {
  const { createEngineApi, engineName } = await import('./engine-api.ts');
  const api = createEngineApi(endpoint);
  try {
    await api.ask(`/images/${engineName(word)}/json`, z.object({ Id: z.string() }));
    return true;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return error.code === 'not_found' ? false : error.message;
  } finally {
    await api.close();
  }
}

async function factsOf(path: string): Promise<Stats | undefined> {
  if (path.includes('\0')) return undefined;
  return stat(path).catch(() => undefined);
}
