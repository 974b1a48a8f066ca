/** `lazaret images inspect` and `images report`: inspections by the server, and their reports. */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';

import {
  inspectionRequest,
  operations,
  type Client,
  type Inspection,
  type OperationCall,
} from '@lazaret/protocol';

import { isPathText, looksLikeFile } from '../../files/path-text.ts';
import { findSource, standardInput, uploadTo, type UploadSource } from '../../files/upload-file.ts';
import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { toUnreachable, callTimeout } from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { cliLimits } from '../../limits.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';
import { checkIdStart, resolveId } from '../../connection/resolve-id.ts';
import { Failure, usageFailure } from '../../failure.ts';
import { check } from '../../command/check-values.ts';
import { readIdempotencyKey } from '../../command/read-idempotency-key.ts';
import { fieldsOf } from '../../command/operation-flags.ts';
import { formatStructured, printStructured, printNote, writeOut } from '../../render/print.ts';
import { formatCounts } from '../../render/inspection-labels.ts';
import { createStyle, styleState, widthOf } from '../../render/style.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { wrapText } from '../../render/wrap-text.ts';
import { waitForInspection } from './wait-inspection.ts';

const { images, inspections } = operations;

export async function runInspect(invocation: Invocation): Promise<number> {
  const { flags, settings } = invocation;
  const request = await readInspectRequest(invocation);
  const { client, url } = await invocation.connect();
  const asked = await request(client);
  const isTable = settings.output === 'table';
  if (isTable) await writeOut(invocation, `${asked.id}\n`);
  if (!flagOn(flags, 'wait')) {
    if (!isTable) await printStructured(invocation, asked);
    return exitCodes.ok.code;
  }
  const ended = await waitForInspection(invocation, client, asked);
  if (!isTable) await printStructured(invocation, ended ?? asked);
  else if (ended !== undefined) await printInspectionEnd(invocation, ended);
  if (ended !== undefined) {
    const text = wrapText(describeEnd(ended), widthOf(invocation.shell.stderr)).join('\n  ');
    await printNote(invocation, `${text}\n  ${url}/console/inspections/${ended.id}`);
  }
  return ended === undefined ? exitCodes.interrupted.code : exitCodeOf(ended);
}

/** Checks everything before anything is sent; returns a function that sends it. */
async function readInspectRequest(
  invocation: Invocation,
): Promise<(client: Client) => Promise<Inspection>> {
  const { flags, arguments: given } = invocation;
  const headers = { 'idempotency-key': readIdempotencyKey(flags) ?? randomUUID() };
  const source = await findArchive(given[0] ?? '');
  if (source === undefined) {
    const body = readRequest(invocation);
    return (client) => client.call(images.inspect, { body }, { headers, signal: callTimeout() });
  }
  const query = readUploadQuery(invocation, source);
  return (client) => uploadArchive(invocation, client, { source, query, headers });
}

function readRequest({ flags, arguments: [reference = ''] }: Invocation) {
  const platform = flagText(flags, 'platform');
  const project = flagText(flags, 'project');
  const body = {
    reference,
    ...(platform !== undefined && { platform }),
    ...(project !== undefined && { project }),
    force: flagOn(flags, 'force'),
  };
  check(inspectionRequest, body, fieldsOf(inspectionRequest));
  return body;
}

/**
 * The archive of an argument: standard input, a path, or an existing file, as `lazaret inspect`
 * takes it. Undefined for a reference, which a server resolves.
 */
async function findArchive(argument: string): Promise<UploadSource | undefined> {
  if (argument === standardInput || isPathText(argument)) return findSource(argument, undefined);
  const found = statSync(argument, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) return findSource(argument, undefined);
  if (found === undefined && looksLikeFile(argument)) {
    throw usageFailure(`${argument}: no such file or directory`, {
      hint: 'If it is an image reference, write its registry and tag: docker.io/library/NAME:TAG.',
    });
  }
  return undefined;
}

function readUploadQuery({ flags }: Invocation, { name }: UploadSource) {
  const platform = flagText(flags, 'platform');
  const project = flagText(flags, 'project');
  const query = {
    name,
    ...(platform !== undefined && { platform }),
    ...(project !== undefined && { project }),
    force: flagOn(flags, 'force'),
  };
  check(inspections.upload.query, query, fieldsOf(inspections.upload.query));
  return query;
}

interface ArchiveUpload {
  readonly source: UploadSource;
  readonly query: OperationCall<typeof inspections.upload>['query'];
  readonly headers: Readonly<Record<string, string>>;
}

async function uploadArchive(
  invocation: Invocation,
  client: Client,
  { source, query, headers }: ArchiveUpload,
): Promise<Inspection> {
  const interrupt = interceptInterrupt();
  try {
    return await uploadTo(invocation, {
      ...{ source, signal: interrupt.signal },
      send: (body, options) =>
        client.call(
          inspections.upload,
          { ...(query !== undefined && { query }), body },
          { ...options, headers: { ...headers, ...options.headers } },
        ),
      sha256Of: ({ archive }) => archive?.sha256,
    });
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new Failure(`the upload of ${source.name} was interrupted; nothing was stored`, {
      exitCode: exitCodes.interrupted.code,
    });
  } finally {
    interrupt.release();
  }
}

/** One line per image on standard output. */
async function printInspectionEnd(invocation: Invocation, { images: found }: Inspection) {
  const style = createStyle(invocation.settings.color.stdout);
  for (const { digest, platform, verdict, known } of found) {
    const about = [
      digest,
      platform ?? '',
      styleState(style, verdict),
      known ? 'already known' : '',
    ];
    await writeOut(invocation, `${about.filter((word) => word !== '').join('  ')}\n`);
  }
}

/** `ID  finished: 1 malicious`, or the reason of the failure. */
function describeEnd({ id, state, problem, images: found }: Inspection): string {
  const reason =
    problem === null
      ? formatCounts(found.map(({ verdict }) => verdict))
      : `${visibleLine(problem.detail)} (${problem.code})`;
  return [`${id}  ${state}`, reason].filter((part) => part !== '').join(': ');
}

function exitCodeOf({ state, images: found }: Inspection): number {
  if (state === 'failed') return exitCodes.jobFailed.code;
  if (state === 'cancelled') return exitCodes.jobCancelled.code;
  const isMalicious = found.some(({ verdict }) => verdict === 'malicious');
  return isMalicious ? exitCodes.malicious.code : exitCodes.ok.code;
}

/** The stored report; `--format` is an earlier name of `--output`. */
export async function runReport(invocation: Invocation): Promise<void> {
  const { flags, settings } = invocation;
  const [given = ''] = invocation.arguments;
  const format = flagText(flags, 'format') ?? settings.format;
  const project = flagText(flags, 'project');
  const query = {
    format: format === 'yaml' ? 'json' : format,
    ...(project !== undefined && { project }),
  };
  checkIdStart('images', given);
  check(images.report.query, query, fieldsOf(images.report.query));
  const { client } = await invocation.connect();
  const params = { digest: await resolveId(client, 'images', given) };
  // validated above
  const chunks = readReport(client, { params, query: query as { format?: 'json' } });
  if (format === 'yaml') {
    const report: unknown = JSON.parse(await readAll(chunks));
    return writeOut(invocation, await formatStructured(report, 'yaml'));
  }
  for await (const chunk of chunks) await writeOut(invocation, chunk);
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    read.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > cliLimits.reportBytes) {
      throw new Failure(`the report is larger than ${cliLimits.reportBytes} bytes`, {
        hint: 'Download it with --output json, which has no limit.',
      });
    }
  }
  return Buffer.concat(read).toString('utf8');
}

async function* readReport(
  client: Client,
  call: OperationCall<typeof images.report>,
): AsyncGenerator<Uint8Array> {
  try {
    const response = await client.open(images.report, call);
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (error) {
    throw toUnreachable(error, 'the server') ?? error;
  }
}
