/**
 * Downloading the artifacts of a job. Files appear under their name only when they are complete and
 * have the right SHA-256; names of artifacts never lead outside the chosen directory.
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

import type { Invocation } from '../../command/command.ts';
import { toUnreachable } from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure, systemErrorCode, usageFailure } from '../../failure.ts';
import { formatOutcome } from '../../render/job-page.ts';
import { writeOut } from '../../render/print.ts';
import { createProgress } from '../../render/progress.ts';
import { createVisibleStream, visibleLine } from '../../render/visible-text.ts';
import { toFileFailure } from '../../files/upload-file.ts';
import { writeWhole } from '../../files/write-file.ts';

const sniffBytes = 65_536;

/** An artifact that was written to a file. */
export interface SavedFile {
  readonly file: string;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Writes one artifact of a job to a file or below a directory, or without one to the output. */
export async function saveResult(
  invocation: Invocation,
  client: Client,
  what: { job: JobDetail; path: string | undefined; to: string | undefined; raw: boolean },
): Promise<SavedFile | undefined> {
  const { job, path, to, raw } = what;
  const artifact = chooseArtifact(job, path);
  const chunks = readArtifact(invocation, client, { job, artifact, isFile: to !== undefined });
  if (to !== undefined) {
    const file = await targetFile(to, artifact);
    await writeWhole(file, chunks);
    return describeSaved(file, artifact);
  }
  const isTerminal = invocation.shell.stdout.isTTY && !raw;
  await (isTerminal ? printSafely(invocation, chunks) : printRaw(invocation, chunks));
  return undefined;
}

function describeSaved(file: string, { path, sha256, sizeBytes }: JobArtifact): SavedFile {
  return { file, path, sha256, sizeBytes };
}

/** Writes all artifacts of a job below a directory. */
export async function saveAll(
  invocation: Invocation,
  client: Client,
  { job, directory }: { job: JobDetail; directory: string },
): Promise<readonly SavedFile[]> {
  if (job.artifacts.length === 0) throw noResult(job);
  const names = job.artifacts.map(({ path }) => safeSegments(path));
  const seen = new Set<string>();
  for (const segments of names) {
    const name = segments.join('/');
    if (seen.has(name)) throw new Failure(`two artifacts would be written to ${name}`);
    seen.add(name);
  }
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw toFileFailure(error, directory);
  }
  const saved: SavedFile[] = [];
  for (const [index, artifact] of job.artifacts.entries()) {
    const segments = names[index] ?? [];
    const parent = await makeParents(directory, segments.slice(0, -1));
    const file = join(parent, segments.at(-1) ?? artifact.sha256);
    await writeWhole(file, readArtifact(invocation, client, { job, artifact, isFile: true }));
    saved.push(describeSaved(file, artifact));
  }
  return saved;
}

/** A path from an untrusted archive, as names that stay below a directory and can be printed. */
export function safeSegments(path: string): readonly string[] {
  const segments = path
    .split(/[/\\]/)
    .filter((segment) => segment !== '' && segment !== '.')
    .map((segment) => visibleLine(segment).replaceAll('\\', '%'));
  if (segments.length === 0 || segments.includes('..')) {
    throw new Failure(`the artifact path ${JSON.stringify(path)} leads outside the directory`);
  }
  return segments.map(cutName);
}

/** Longer names are refused by file systems. */
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
    throw new Failure(`the job has no artifact ${JSON.stringify(path)}`, {
      exitCode: exitCodes.notFound.code,
      hint: listNames(artifacts),
    });
  }
  const primary = artifacts.find((artifact) => artifact.primary);
  if (primary !== undefined) return primary;
  if (only === undefined) throw noResult(job);
  if (others.length === 0) return only;
  throw usageFailure('the job has several artifacts and none of them is the result', {
    hint: `Choose one with --path, or download all with --all -O DIR. ${listNames(artifacts)}`,
  });
}

function listNames(artifacts: readonly JobArtifact[]): string {
  const shown = artifacts.slice(0, 10).map(({ path }) => visibleLine(path));
  const more =
    artifacts.length > shown.length ? ` and ${artifacts.length - shown.length} more` : '';
  return shown.length === 0 ? 'It has no artifacts.' : `Artifacts: ${shown.join(', ')}${more}.`;
}

function noResult(job: JobDetail): Failure {
  const why = job.outcome === null ? `it is ${job.state}` : formatOutcome(job.outcome);
  return new Failure(`the job has no result: ${why}`, {
    exitCode: exitCodes.notFound.code,
    hint: `See \`lazaret job ${job.id}\` and \`lazaret logs ${job.id}\`.`,
  });
}

/** The bytes of an artifact; throws at the end if their SHA-256 is wrong. */
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
    for await (const chunk of response.body ?? []) {
      hash.update(chunk);
      // a progress bar would mix with the output
      if (isFile) progress.add(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw toUnreachable(error, 'the server') ?? error;
  } finally {
    progress.end();
  }
  const digest = hash.digest('hex');
  if (digest === artifact.sha256) return;
  throw new Failure(`${visibleLine(artifact.path)} has the wrong SHA-256: ${digest}`, {
    hint: `Expected ${artifact.sha256}. Nothing was written; retry.`,
  });
}

async function targetFile(to: string, artifact: JobArtifact): Promise<string> {
  const isDirectory = await stat(to).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return false;
      throw toFileFailure(error, to);
    },
  );
  return isDirectory ? join(to, safeSegments(artifact.path).at(-1) ?? artifact.sha256) : to;
}

/** Creates directories one by one and refuses symbolic links. */
async function makeParents(directory: string, segments: readonly string[]): Promise<string> {
  let path = directory;
  for (const segment of segments) {
    path = join(path, segment);
    try {
      await mkdir(path);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw toFileFailure(error, path);
      if (!(await lstat(path)).isDirectory()) {
        throw new Failure(`${path} exists and is not a directory`);
      }
    }
  }
  return path;
}

async function printRaw(invocation: Invocation, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await writeOut(invocation, chunk);
}

/** Prints text with control characters escaped; refuses binary data. */
async function printSafely(
  invocation: Invocation,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const visible = createVisibleStream();
  let seenBytes = 0;
  let last = '\n';
  for await (const chunk of chunks) {
    const text = decodeText(decoder, chunk, seenBytes < sniffBytes);
    seenBytes += chunk.length;
    const shown = visible.push(text);
    last = shown.at(-1) ?? last;
    await writeOut(invocation, shown);
  }
  await writeOut(invocation, `${visible.end()}${last === '\n' ? '' : '\n'}`);
}

function decodeText(decoder: TextDecoder, chunk: Uint8Array, isStart: boolean): string {
  try {
    if (!isStart || !chunk.includes(0)) return decoder.decode(chunk, { stream: true });
  } catch {
    // not UTF-8, which the failure below says
  }
  throw usageFailure('refusing to write binary output to a terminal', {
    hint: 'Write it to a file with `-O FILE`, pipe it, or use --raw.',
  });
}
