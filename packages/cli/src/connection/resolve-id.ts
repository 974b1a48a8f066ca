/**
 * Shortened IDs: a command accepts any unambiguous beginning of an ID, and names of images. Whole
 * IDs and digests need no call.
 */
import { limits, operations, type Client, type Image } from '@lazaret/protocol';

import { exitCodes } from '../exit-code.ts';
import { Failure, usageFailure } from '../failure.ts';
import { visibleLine } from '../render/visible-text.ts';
import { callTimeout } from './connection.ts';

/** Nouns whose IDs may be shortened. */
export type IdNoun = 'jobs' | 'inspections' | 'tokens' | 'images' | 'files';

interface Candidate {
  readonly id: string;
  /** Distinguishes it from the others. */
  readonly about: string;
}

const candidatesShown = 10;
const wholeId = /^[0-9a-z]{16}$/;
/** The SHA-256 of a file, or the beginning of one. */
const fileDigestStart = /^(?:sha256:)?[0-9a-f]{6,64}$/i;
const idStart = /^[0-9a-z]{1,16}$/;
/** As the server accepts digests: whole, or at least six digits. */
const digestStart = /^(?:[a-z0-9]+(?:[+._-][a-z0-9]+)*:)?[0-9a-f]{6,128}$/i;

/** Whether the text may be an ID or the beginning of one; throws a usage failure if not. */
export function checkIdStart(noun: IdNoun, text: string): void {
  if (noun === 'files') return checkFileDigest(text);
  if (noun === 'images' ? text !== '' : idStart.test(text)) return;
  throw usageFailure(`invalid ID ${JSON.stringify(text)}`, {
    hint: 'Expected 16 characters from 0-9 and a-z, or an unambiguous beginning of them.',
  });
}

function checkFileDigest(text: string): void {
  if (fileDigestStart.test(text)) return;
  throw usageFailure(`invalid SHA-256 ${JSON.stringify(text)}`, {
    hint: 'Expected a SHA-256 digest of 64 hexadecimal characters, or at least the first 6.',
  });
}

/** The full ID for the text. */
export async function resolveId(client: Client, noun: IdNoun, text: string): Promise<string> {
  checkIdStart(noun, text);
  if (noun === 'images') return resolveImage(client, text);
  if (noun === 'files') return resolveFile(client, text);
  if (wholeId.test(text)) return text;
  return onlyOne(noun, text, await findCandidates[noun](client, text));
}

const findCandidates = {
  jobs: async (client: Client, id: string): Promise<readonly Candidate[]> => {
    const query = { id, limit: candidatesShown + 1 };
    const { items } = await client.call(operations.jobs.list, { query }, { signal: callTimeout() });
    return items.map(({ id: whole, engine, state, inputs }) => ({
      id: whole,
      about: [engine, state, inputs[0]?.name ?? ''].join(' '),
    }));
  },
  inspections: async (client: Client, id: string): Promise<readonly Candidate[]> => {
    const query = { id, limit: candidatesShown + 1 };
    const { list } = operations.inspections;
    const { items } = await client.call(list, { query }, { signal: callTimeout() });
    return items.map((one) => ({ id: one.id, about: `${one.reference} ${one.state}` }));
  },
  tokens: async (client: Client, id: string): Promise<readonly Candidate[]> => {
    const query = { limit: limits.pageItemsMax };
    const { tokenList } = operations.access;
    const { items } = await client.call(tokenList, { query }, { signal: callTimeout() });
    return items
      .filter((one) => one.id.startsWith(id))
      .map((one) => ({ id: one.id, about: `${one.name} of ${one.owner}` }));
  },
} as const;

/** The digest of the only file of jobs or images that starts with it. */
async function resolveFile(client: Client, given: string): Promise<string> {
  const text = given.toLowerCase().replace(/^sha256:/, '');
  if (text.length === 64) return text;
  const query = { text, kind: ['artifact', 'file'], limit: limits.pageItemsMax };
  const { run } = operations.searches;
  const { items, next } = await client.call(run, { query }, { signal: callTimeout() });
  // a file is found once for each of its paths
  const byDigest = new Map(
    items
      .filter(({ id }) => id.replace(/^sha256:/, '').startsWith(text))
      .map(({ id, title }) => [id.replace(/^sha256:/, ''), title]),
  );
  if (next !== null && byDigest.size === 1) {
    throw usageFailure(
      `${JSON.stringify(text)} may be ambiguous: more than ${items.length} places of files match`,
      { hint: 'Give the whole SHA-256.' },
    );
  }
  return onlyOne(
    'files',
    text,
    [...byDigest].map(([id, about]) => ({ id, about })),
  );
}

/** A digest, the beginning of one, or a name as `images list` shows it. */
async function resolveImage(client: Client, text: string): Promise<string> {
  if (digestStart.test(text)) return text;
  const query = {
    text: nameWithoutTag(text).slice(-limits.textFilterChars),
    limit: limits.pageItemsMax,
  };
  const { list } = operations.images;
  const { items } = await client.call(list, { query }, { signal: callTimeout() });
  const exact = items.filter(({ names }) => names.some((name) => isNameOf(name, text)));
  const found =
    exact.length > 0
      ? exact
      : items.filter(({ names }) => names.some((name) => isNameOf(nameWithoutTag(name), text)));
  return onlyOne('images', text, found.map(toCandidate));
}

function toCandidate({ digest, names, platform }: Image): Candidate {
  return { id: digest, about: [names[0] ?? '', platform ?? ''].join(' ') };
}

/** `app:1.2` names `registry.lab/team/app:1.2`, as the end of a reference after a slash. */
function isNameOf(name: string, text: string): boolean {
  return name === text || name.endsWith(`/${text}`);
}

/** A colon after the last slash separates the tag. */
function nameWithoutTag(name: string): string {
  return name.replace(/(?:@[^/]*|:[^/:]*)$/, '');
}

function onlyOne(noun: IdNoun, text: string, found: readonly Candidate[]): string {
  const singular = noun.replace(/s$/, '');
  const [first, ...others] = found;
  if (first === undefined) {
    throw new Failure(`no such ${singular}: ${JSON.stringify(text)}`, {
      exitCode: exitCodes.notFound.code,
      hint:
        noun === 'files'
          ? '`lazaret search` finds files by name, path or digest.'
          : `\`lazaret ${noun} list\` shows them.`,
    });
  }
  if (others.length === 0) return first.id;
  const more = found.length > candidatesShown ? ' or more' : '';
  throw usageFailure(
    `${JSON.stringify(text)} is ambiguous: ${Math.min(found.length, candidatesShown)}${more} ${noun} match`,
    {
      fields: found
        .slice(0, candidatesShown)
        .map(({ id, about }) => ({ path: '', message: `${id}  ${visibleLine(about.trim())}` })),
      hint: 'Give more characters of the ID.',
    },
  );
}
