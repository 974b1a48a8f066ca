/**
 * What a word on the command line means: a path that exists, what its prefix says, or the name of
 * an image.
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
  /** For people: what else the word could have meant, or what was tried before. */
  readonly hint?: string;
};

export interface DetectOptions {
  /** Where an engine is asked first whether it has an image; without it none is asked. */
  readonly engine?: DockerEndpoint | undefined;
}

/**
 * Throws SourceError: `not_found` for a path that is not there, `invalid_reference` for what can
 * name nothing, `unsupported` for the rest.
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

/** `docker` is the name of an image as well: `docker:dind` may have been meant as that. */
function engineHint(word: string, reference: string): { hint?: string } {
  if (word !== `${enginePrefix}${reference}` || !isTag(reference)) return {};
  const meant = `write ${registryPrefix}${word} for the image of this name in a registry`;
  return { hint: `${word} is read as ${reference} of the local engine; ${meant}` };
}

/** `PATH[:NAME]`, where a path that exists as it is written has no name behind it. */
async function pathAndName(rest: string): Promise<{ path: string; name?: string }> {
  const colon = rest.indexOf(':');
  if (colon <= 0 || (await factsOf(rest)) !== undefined) return { path: rest };
  const name = rest.slice(colon + 1);
  return { path: rest.slice(0, colon), ...(name === '' ? {} : { name }) };
}

async function describePath(path: string, facts: Stats): Promise<DetectedSource> {
  const hint = pathHint(path);
  if (facts.isDirectory()) {
    // As its archive would be: what both lists of a newer one name is looked at.
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
  throw new SourceError('unsupported', `${path} is a file, but no archive of an image`);
}

/** A directory called `debian` may have been meant as the image. */
function pathHint(path: string): { hint?: string } {
  if (path.includes('/') && !/^[\w.-]+\/[\w.-]+:/.test(path)) return {};
  try {
    parseReference(path);
  } catch {
    return {};
  }
  return {
    hint: `${path} is read as a path; write ${registryPrefix}${path} for the image of this name`,
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
export function isArchiveStart(head: Buffer): boolean {
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
  const hint = answer === false ? {} : { hint: `no engine was asked: ${answer}` };
  return { kind: 'registry', reference: word, ...hint };
}

/** Whether it has the image; a text when it cannot be asked. */
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
