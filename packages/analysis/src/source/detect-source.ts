/**
 * What a word on the command line means: a path that exists, what an explicit prefix says, or the
 * name of an image. Prefixes are those of skopeo, so that its users need not learn others.
 */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { sniffCompression } from '../archive/decompress.ts';
import { blockBytes, isZeroBlock, parseHeader } from '../archive/tar-header.ts';
import { createEngineApi, engineName } from './engine-api.ts';
import type { EngineEndpoint } from './engine-api.ts';
import { openFileBytes } from './file-bytes.ts';
import { SourceError } from './image-source.ts';
import { parseReference } from './registry/index.ts';
import { z } from 'zod';

export type DetectedSource = (
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'oci-layout' | 'image-archive'; readonly path: string; readonly name?: string }
  | { readonly kind: 'engine' | 'container' | 'registry'; readonly reference: string }
) & {
  /** For people: what else the word could have meant, or what was tried before. */
  readonly hint?: string;
};

export interface DetectOptions {
  /** Where an engine is asked first whether it has an image; without it none is asked. */
  readonly engine?: EngineEndpoint | undefined;
}

/** Throws SourceError: `not_found` for a path that is not there, `unsupported` for the rest. */
export async function detectSource(
  word: string,
  options: DetectOptions = {},
): Promise<DetectedSource> {
  const prefixed = await readPrefix(word);
  if (prefixed !== undefined) return prefixed;
  const facts = await factsOf(word);
  if (facts !== undefined) return describePath(word, facts);
  if (/^(?:\/|\.{1,2}(?:\/|$)|~)/.test(word)) {
    throw new SourceError('not_found', `${word} does not exist`);
  }
  return detectImage(word, options);
}

type Prefix = (rest: string) => Promise<DetectedSource> | DetectedSource;

const prefixes: ReadonlyMap<string, Prefix> = new Map<string, Prefix>([
  ['docker-archive', async (rest) => ({ kind: 'image-archive', ...(await pathAndName(rest)) })],
  ['oci-archive', async (rest) => ({ kind: 'image-archive', ...(await pathAndName(rest)) })],
  ['oci', async (rest) => ({ kind: 'oci-layout', ...(await pathAndName(rest)) })],
  ['dir', (path) => ({ kind: 'directory', path })],
  ['docker-daemon', (reference) => ({ kind: 'engine', reference })],
  ['container', (reference) => ({ kind: 'container', reference })],
  ['docker', dockerImage],
  ['registry', registryImage],
]);

async function readPrefix(word: string): Promise<DetectedSource | undefined> {
  const colon = word.indexOf(':');
  const name = word.slice(0, colon);
  const read = colon < 0 ? undefined : prefixes.get(name);
  if (read === undefined) return undefined;
  const rest = word.slice(colon + 1);
  // `registry:2` is an image; only what cannot be a tag follows the prefix.
  const isImage = read === registryImage && /^[\w][\w.-]*(?:@.*)?$/.test(rest);
  if (isImage) return undefined;
  if (rest === '') throw new SourceError('unsupported', `nothing stands behind "${name}:"`);
  return read(rest);
}

/** `docker://host/app` is skopeo’s word for a registry, `docker:app` an image of this engine. */
function dockerImage(rest: string): DetectedSource {
  return rest.startsWith('//') ? registryImage(rest) : { kind: 'engine', reference: rest };
}

function registryImage(rest: string): DetectedSource {
  const reference = rest.startsWith('//') ? rest.slice(2) : rest;
  parseReference(reference);
  return { kind: 'registry', reference };
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
  return { hint: `${path} is read as a path; write docker://${path} for the image of this name` };
}

async function looksLikeArchive(path: string): Promise<boolean> {
  const file = await openFileBytes(path);
  try {
    const head = await file.read(0, blockBytes);
    if (sniffCompression(head) !== 'none') return true;
    if (head.length < blockBytes) return false;
    if (!isZeroBlock(head)) parseHeader(head, 0);
    return true;
  } catch (error) {
    if (error instanceof SourceError) throw error;
    return false;
  } finally {
    await file.close();
  }
}

async function detectImage(word: string, { engine }: DetectOptions): Promise<DetectedSource> {
  if (engine !== undefined) {
    const answer = await askEngine(word, engine);
    if (answer === true) return { kind: 'engine', reference: word };
    if (typeof answer === 'string') {
      return { ...registryImage(word), hint: `no engine was asked: ${answer}` };
    }
  }
  return registryImage(word);
}

/** Whether it has the image; a text when it cannot be asked. */
async function askEngine(word: string, endpoint: EngineEndpoint): Promise<boolean | string> {
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
