/**
 * Fetching what a job left. Files appear under their name only when they are whole and have the
 * right SHA-256; names in an archive of results never lead outside the chosen directory.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import {
  limits,
  operations,
  type Client,
  type JobArtifact,
  type JobDetail,
} from '@lazaret/protocol';

import type { Invocation } from './command.ts';
import { asUnreachable } from './connection.ts';
import { exitCodes } from './exit-code.ts';
import { Failure, systemErrorCode, usageFailure } from './failure.ts';
import { sayOutcome } from './render/job-page.ts';
import { writeOut } from './render/print.ts';
import { createProgress } from './render/progress.ts';
import { createVisibleStream, visibleLine } from './render/visible-text.ts';
import { asFileFailure } from './upload-file.ts';
import { writeWhole } from './write-file.ts';

const sniffBytes = 65_536;

/** Writes one artifact of a job to a file, or to standard output for `-`. */
export async function saveResult(
  invocation: Invocation,
  client: Client,
  what: { job: JobDetail; path: string | undefined; to: string; raw: boolean },
): Promise<void> {
  const { job, path, to, raw } = what;
  const artifact = chooseArtifact(job, path);
  const pieces = readArtifact(invocation, client, { job, artifact, isFile: to !== '-' });
  if (to !== '-') return writeWhole(await targetFile(to, artifact), pieces);
  const isTerminal = invocation.shell.stdout.isTTY && !raw;
  await (isTerminal ? printSafely(invocation, pieces) : printRaw(invocation, pieces));
}

/** Writes all artifacts of a job below a directory; answers the paths written. */
export async function saveAll(
  invocation: Invocation,
  client: Client,
  { job, directory }: { job: JobDetail; directory: string },
): Promise<readonly string[]> {
  if (job.artifacts.length === 0) throw noResult(job);
  const names = job.artifacts.map(({ path }) => safeSegments(path));
  const seen = new Set<string>();
  for (const segments of names) {
    const name = segments.join('/');
    if (seen.has(name)) throw new Failure(`two artifacts would be written to ${name}`);
    seen.add(name);
  }
  await mkdir(directory, { recursive: true });
  const written: string[] = [];
  for (const [index, artifact] of job.artifacts.entries()) {
    const segments = names[index] ?? [];
    const parent = await makeParents(directory, segments.slice(0, -1));
    const file = join(parent, segments.at(-1) ?? artifact.sha256);
    await writeWhole(file, readArtifact(invocation, client, { job, artifact, isFile: true }));
    written.push(file);
  }
  return written;
}

/** A path that a sample chose, as names that stay below a directory and are safe to list. */
export function safeSegments(path: string): readonly string[] {
  const segments = path
    .split(/[/\\]/)
    .filter((segment) => segment !== '' && segment !== '.')
    .map((segment) => visibleLine(segment).replaceAll('\\', '%'));
  if (segments.length === 0 || segments.includes('..')) {
    throw new Failure(`the artifact name ${JSON.stringify(path)} leads outside the directory`);
  }
  return segments.map(cutName);
}

/** Longer names could not be written. */
function cutName(name: string): string {
  let cut = name;
  while (Buffer.byteLength(cut) > limits.fileNameBytes) cut = cut.slice(0, -1);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

function chooseArtifact(job: JobDetail, path: string | undefined): JobArtifact {
  const { artifacts } = job;
  const [only, ...others] = artifacts;
  if (path !== undefined) {
    const named = artifacts.find((artifact) => artifact.path === path);
    if (named !== undefined) return named;
    throw new Failure(`the job left no artifact ${JSON.stringify(path)}`, {
      exitCode: exitCodes.notFound.code,
      hint: listNames(artifacts),
    });
  }
  const primary = artifacts.find((artifact) => artifact.primary);
  if (primary !== undefined) return primary;
  if (only === undefined) throw noResult(job);
  if (others.length === 0) return only;
  throw usageFailure('the job left several artifacts and none of them is the result', {
    hint: `Take one with --path, or all with --all -o DIR. ${listNames(artifacts)}`,
  });
}

function listNames(artifacts: readonly JobArtifact[]): string {
  const shown = artifacts.slice(0, 10).map(({ path }) => visibleLine(path));
  const more =
    artifacts.length > shown.length ? ` and ${artifacts.length - shown.length} more` : '';
  return shown.length === 0 ? 'It left none at all.' : `There are: ${shown.join(', ')}${more}.`;
}

function noResult(job: JobDetail): Failure {
  const why = job.outcome === null ? `it is ${job.state}` : sayOutcome(job.outcome);
  return new Failure(`the job has no result: ${why}`, {
    exitCode: exitCodes.notFound.code,
    hint: `Look at it: \`lazaret job ${job.id}\`, and at its log: \`lazaret logs ${job.id}\`.`,
  });
}

/** The bytes of an artifact; the end comes only when their SHA-256 is right. */
async function* readArtifact(
  invocation: Invocation,
  client: Client,
  what: { job: JobDetail; artifact: JobArtifact; isFile: boolean },
): AsyncGenerator<Uint8Array> {
  const { job, artifact, isFile } = what;
  const progress = createProgress(invocation, artifact.path, artifact.sizeBytes);
  const hash = createHash('sha256');
  try {
    const call = { params: { id: job.id }, query: { path: artifact.path } };
    const response = await client.open(operations.jobs.result, call);
    for await (const piece of response.body ?? []) {
      hash.update(piece);
      // a bar would mix with what is printed
      if (isFile) progress.add(piece.length);
      yield piece;
    }
  } catch (error) {
    throw asUnreachable(error, 'the server') ?? error;
  } finally {
    progress.end();
  }
  const digest = hash.digest('hex');
  if (digest === artifact.sha256) return;
  throw new Failure(`${visibleLine(artifact.path)} arrived with another SHA-256: ${digest}`, {
    hint: `${artifact.sha256} was expected. Nothing was kept; try again.`,
  });
}

async function targetFile(to: string, artifact: JobArtifact): Promise<string> {
  const isDirectory = await stat(to).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return false;
      throw asFileFailure(error, to);
    },
  );
  return isDirectory ? join(to, safeSegments(artifact.path).at(-1) ?? artifact.sha256) : to;
}

/** Makes directories one by one and refuses those that are links to elsewhere. */
async function makeParents(directory: string, segments: readonly string[]): Promise<string> {
  let path = directory;
  for (const segment of segments) {
    path = join(path, segment);
    try {
      await mkdir(path);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw asFileFailure(error, path);
      if (!(await lstat(path)).isDirectory()) {
        throw new Failure(`${path} is in the way: it is no directory`);
      }
    }
  }
  return path;
}

async function printRaw(invocation: Invocation, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) await writeOut(invocation, piece);
}

/** Shows text with its control characters made visible; refuses what is no text. */
async function printSafely(
  invocation: Invocation,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const visible = createVisibleStream();
  let seenBytes = 0;
  let last = '\n';
  for await (const piece of pieces) {
    const text = decodeText(decoder, piece, seenBytes < sniffBytes);
    seenBytes += piece.length;
    const shown = visible.push(text);
    last = shown.at(-1) ?? last;
    await writeOut(invocation, shown);
  }
  await writeOut(invocation, `${visible.end()}${last === '\n' ? '' : '\n'}`);
}

function decodeText(decoder: TextDecoder, piece: Uint8Array, isStart: boolean): string {
  try {
    if (!isStart || !piece.includes(0)) return decoder.decode(piece, { stream: true });
  } catch {
    // not UTF-8, which the failure below says
  }
  throw usageFailure('the result is binary and a terminal is no place for it', {
    hint: 'Write it to a file with `-o FILE`, send it through a pipe, or insist with --raw.',
  });
}
