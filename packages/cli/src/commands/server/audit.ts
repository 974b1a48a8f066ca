/** `lazaret audit verify` and `audit export`: the audit log, verified here or by the server. */
import { createReadStream } from 'node:fs';

import { operations, verifyChain, type ChainVerdict } from '@lazaret/protocol';

import { flagText, type Invocation } from '../../command/command.ts';
import { toUnreachable } from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure } from '../../failure.ts';
import { cliLimits } from '../../limits.ts';
import { printStructured, writeOut } from '../../render/print.ts';
import { createStyle } from '../../render/style.ts';
import { toFileFailure } from '../../files/upload-file.ts';

const { auditExport, auditVerify } = operations.events;

/** A file is verified without a server; a head that was saved earlier detects a truncated log. */
export async function runVerify(invocation: Invocation): Promise<number> {
  const path = invocation.arguments[0];
  const head = flagText(invocation.flags, 'head');
  const verdict = await (path === undefined
    ? verifyOnline(invocation, head)
    : verifyFile(invocation, path, head));
  if (invocation.settings.output !== 'table') await printStructured(invocation, verdict);
  else await writeOut(invocation, describe(invocation, verdict));
  return verdict.intact ? exitCodes.ok.code : exitCodes.failure.code;
}

/** Streams the entries as the server sends them, one JSON object per line, or as one JSON array. */
export async function runExport(invocation: Invocation): Promise<void> {
  const { client } = await invocation.connect();
  const chunks = readChunks(await client.open(auditExport));
  if (invocation.settings.format === 'ndjson') {
    for await (const chunk of chunks) await writeOut(invocation, chunk);
    return;
  }
  let separator = '[\n';
  for await (const line of readLines(chunks)) {
    await writeOut(invocation, `${separator}${line}`);
    separator = ',\n';
  }
  await writeOut(invocation, separator === '[\n' ? '[]\n' : '\n]\n');
}

/** The result of the server; with a head the entries are downloaded and verified here. */
async function verifyOnline(
  invocation: Invocation,
  head: string | undefined,
): Promise<ChainVerdict> {
  const { client } = await invocation.connect();
  if (head === undefined) return client.call(auditVerify);
  return verifyChain(parseLines(readChunks(await client.open(auditExport))), head);
}

async function verifyFile(
  { shell }: Invocation,
  path: string,
  head: string | undefined,
): Promise<ChainVerdict> {
  const stream = path === '-' ? shell.stdin : createReadStream(path);
  try {
    return await verifyChain(parseLines(stream as AsyncIterable<Uint8Array>), head);
  } catch (error) {
    throw toFileFailure(error, path);
  }
}

async function* readChunks(response: Response): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body ?? [];
  } catch (error) {
    throw toUnreachable(error, 'the server') ?? error;
  }
}

/** Lines of JSON; an invalid line stays text, so that the verification reports its position. */
async function* parseLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator {
  for await (const line of readLines(chunks)) yield parseLine(line);
}

async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = '';
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    pendingBytes = lines.length === 0 ? pendingBytes + chunk.length : Buffer.byteLength(pending);
    for (const line of lines) if (line.trim() !== '') yield line;
    if (pendingBytes > cliLimits.auditLineBytes) {
      throw new Failure(`a line is longer than ${cliLimits.auditLineBytes} bytes`, {
        hint: 'Expected the output of `lazaret audit export`: one JSON object per line.',
      });
    }
  }
  if (pending.trim() !== '') yield pending;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function describe({ settings }: Invocation, verdict: ChainVerdict): string {
  const style = createStyle(settings.color.stdout);
  const word = verdict.intact ? style('green', 'intact') : style('red', 'broken');
  return `${word}: ${verdict.detail}\nhead ${verdict.head}\n`;
}
