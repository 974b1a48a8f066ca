/** `lazaret audit verify` and `audit export`: the audit log, checked here or by the server. */
import { createReadStream } from 'node:fs';

import { limits, operations, verifyChain, type ChainVerdict } from '@lazaret/protocol';

import { flagText, type Invocation } from '../command.ts';
import { asUnreachable } from '../connection.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { printStructured, tell, writeOut } from '../render/print.ts';
import { createStyle } from '../render/style.ts';
import { asFileFailure } from '../upload-file.ts';
import { writeWhole } from '../write-file.ts';

const { auditExport, auditVerify } = operations.events;

/** With a file the check needs no server; a head that was kept shows a log cut off at its end. */
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

export async function runExport(invocation: Invocation): Promise<void> {
  const { client } = await invocation.connect();
  const response = await client.open(auditExport);
  const pieces = readPieces(response);
  const path = flagText(invocation.flags, 'output') ?? '-';
  if (path === '-') {
    for await (const piece of pieces) await writeOut(invocation, piece);
    return;
  }
  await writeWhole(path, pieces);
  await tell(invocation, `Written to ${path}; check it with: lazaret audit verify ${path}`);
}

/** The server's own word; when a head is given the entries are fetched and checked here. */
async function verifyOnline(
  invocation: Invocation,
  head: string | undefined,
): Promise<ChainVerdict> {
  const { client } = await invocation.connect();
  if (head === undefined) return client.call(auditVerify);
  return verifyChain(parseLines(readPieces(await client.open(auditExport))), head);
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
    throw asFileFailure(error, path);
  }
}

async function* readPieces(response: Response): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body ?? [];
  } catch (error) {
    throw asUnreachable(error, 'the server') ?? error;
  }
}

/** Lines of JSON; a line that is none is handed on as text, so that the check names its place. */
async function* parseLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const piece of pieces) {
    const lines = (pending + decoder.decode(piece, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseLine(line);
    if (pending.length > limits.cliAuditLineBytes) {
      throw new Failure(`a line is longer than ${limits.cliAuditLineBytes} bytes`, {
        hint: 'Expected the output of `lazaret audit export`: one JSON object a line.',
      });
    }
  }
  if (pending.trim() !== '') yield parseLine(pending);
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
