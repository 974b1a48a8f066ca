/** `lazaret files preview` and `files download`: the content of a file by its SHA-256. */
import { limits, operations, type Client, type OperationCall } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { fieldsOf } from '../../command/operation-flags.ts';
import { check } from '../../command/check-values.ts';
import { toUnreachable } from '../../connection/connection.ts';
import { checkIdStart, resolveId } from '../../connection/resolve-id.ts';
import { usageFailure } from '../../failure.ts';
import { printStructured, printTerminalNote, writeOut } from '../../render/print.ts';
import { visibleText } from '../../render/visible-text.ts';

const { files } = operations;

/** The time limit of the server to read a file from an image. */
const readMs = 11 * 60_000;

/** The first bytes as text, or as hexadecimal digits where they are not text. */
export async function runPreview(invocation: Invocation): Promise<void> {
  const { flags, settings } = invocation;
  const offset = flagText(flags, 'offset');
  const length = flagText(flags, 'length');
  const [given = ''] = invocation.arguments;
  checkIdStart('files', given);
  const query = {
    ...source(invocation),
    ...(offset !== undefined && { offset }),
    ...(length !== undefined && { length }),
  };
  check(files.preview.query, query, fieldsOf(files.preview.query));
  const { client } = await invocation.connect();
  const params = { sha256: await resolveId(client, 'files', given) };
  const signal = AbortSignal.timeout(readMs);
  const preview = await client.call(files.preview, { params, query }, { signal });
  if (settings.output !== 'table') return printStructured(invocation, preview);
  const bytes = Buffer.from(preview.bytes, 'base64');
  const end = preview.offset + bytes.length;
  const text = flagOn(flags, 'hex') ? undefined : textOf(bytes, end < preview.sizeBytes);
  const shown = text === undefined ? hexDump(bytes, preview.offset) : visibleText(text);
  await writeOut(invocation, shown === '' || shown.endsWith('\n') ? shown : `${shown}\n`);
  if (end < preview.sizeBytes) {
    const rest = `bytes ${preview.offset} to ${end} of ${preview.sizeBytes}`;
    await printTerminalNote(invocation, `${rest}; the next: --offset ${end}`);
  }
}

/** The file in an encrypted archive of the server. */
export async function runDownload(invocation: Invocation): Promise<void> {
  const [given = ''] = invocation.arguments;
  checkIdStart('files', given);
  const query = source(invocation);
  check(files.download.query, query, fieldsOf(files.download.query));
  if (invocation.shell.stdout.isTTY) {
    throw usageFailure('refusing to write binary output to a terminal', {
      hint: `Name a file: --output-file ${given.slice(0, 12)}.zip`,
    });
  }
  const { client } = await invocation.connect();
  const params = { sha256: await resolveId(client, 'files', given) };
  for await (const chunk of read(client, { params, query })) await writeOut(invocation, chunk);
  await printTerminalNote(invocation, 'The password of the archive is: infected');
}

function source({ flags }: Invocation): { image?: string; project?: string } {
  const image = flagText(flags, 'image');
  const project = flagText(flags, 'project');
  return { ...(image !== undefined && { image }), ...(project !== undefined && { project }) };
}

async function* read(
  client: Client,
  call: OperationCall<typeof files.download>,
): AsyncGenerator<Uint8Array> {
  try {
    const response = await client.open(files.download, call);
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (error) {
    throw toUnreachable(error, 'the server') ?? error;
  }
}

/** Undefined for anything that is not UTF-8. A part of a file may end within a character. */
function textOf(bytes: Uint8Array, isCut: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}

const rowBytes = 16;
const groupBytes = 8;

/** As `hexdump -C` writes it. */
function hexDump(bytes: Buffer, firstOffset: number): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length && at < limits.filePreviewBytesMax; at += rowBytes) {
    const row = bytes.subarray(at, at + rowBytes);
    const digits = [...row].map((byte) => byte.toString(16).padStart(2, '0'));
    const groups = [digits.slice(0, groupBytes), digits.slice(groupBytes)];
    const hex = groups.map((group) => group.join(' ')).join('  ');
    const ascii = row.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.');
    const offset = (firstOffset + at).toString(16).padStart(8, '0');
    rows.push(`${offset}  ${hex.padEnd(rowBytes * 3)}  |${ascii}|`);
  }
  return rows.join('\n');
}
