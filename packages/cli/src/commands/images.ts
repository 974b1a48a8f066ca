/** `lazaret images inspect` and `images report`: tasks of the server, and what came of them. */
import { randomUUID } from 'node:crypto';

import {
  inspectionRequest,
  limits,
  operations,
  type Client,
  type Inspection,
  type OperationCall,
} from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../command.ts';
import { asUnreachable, callTimeout } from '../connection.ts';
import { exitCodes } from '../exit-code.ts';
import { describeTransient, pause } from '../follow-stream.ts';
import { catchInterrupt } from '../interrupt.ts';
import { check } from '../operation-command.ts';
import { fieldsOf } from '../operation-flags.ts';
import { printStructured, tell, tellPerson, writeOut } from '../render/print.ts';
import { visibleLine } from '../render/visible-text.ts';
import { writeWhole } from '../write-file.ts';

const { images, inspections } = operations;
const pollSeconds = 50;

export async function runInspect(invocation: Invocation): Promise<number> {
  const { flags, settings } = invocation;
  const body = readRequest(invocation);
  const { client } = await invocation.connect();
  const headers = { 'idempotency-key': flagText(flags, 'idempotencyKey') ?? randomUUID() };
  const asked = await client.call(images.inspect, { body }, { headers, signal: callTimeout() });
  const isTable = settings.output === 'table';
  if (isTable) await writeOut(invocation, `${asked.id}\n`);
  if (!flagOn(flags, 'wait')) {
    if (!isTable) await printStructured(invocation, asked);
    return exitCodes.ok.code;
  }
  const ended = await waitForEnd(invocation, client, asked);
  if (!isTable) await printStructured(invocation, ended ?? asked);
  else if (ended !== undefined) await tellEnd(invocation, ended);
  return ended === undefined ? exitCodes.interrupted.code : exitCodeOf(ended);
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

/** Undefined when the person went away with Ctrl-C; the inspection goes on. */
async function waitForEnd(
  invocation: Invocation,
  client: Client,
  { id }: Inspection,
): Promise<Inspection | undefined> {
  const interrupt = catchInterrupt();
  let failures = 0;
  try {
    while (!interrupt.signal.aborted) {
      const call = { params: { id }, query: { waitSeconds: pollSeconds } };
      const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(limits.cliCallMs)]);
      try {
        const found = await client.call(inspections.show, call, { signal });
        if (isEnded(found)) return found;
        failures = 0;
      } catch (error) {
        if (interrupt.signal.aborted) break;
        failures += 1;
        if (describeTransient(error) === undefined || failures > limits.cliReconnects) throw error;
        await pause(failures, interrupt.signal);
      }
    }
  } finally {
    interrupt.release();
  }
  await tellPerson(invocation, `The inspection goes on: lazaret inspections show ${id}`);
  return undefined;
}

function isEnded({ state }: Inspection): boolean {
  return state === 'finished' || state === 'failed' || state === 'cancelled';
}

async function tellEnd(invocation: Invocation, inspection: Inspection): Promise<void> {
  const { state, problem } = inspection;
  if (problem !== null) {
    await tell(invocation, `${state}: ${visibleLine(problem.detail)} (${problem.code})`);
  }
  for (const { digest, platform, verdict, known } of inspection.images) {
    const about = [digest, platform ?? '', verdict, known ? 'known already' : ''];
    await writeOut(invocation, `${about.filter((word) => word !== '').join('  ')}\n`);
  }
}

function exitCodeOf({ state, images: found }: Inspection): number {
  if (state === 'failed') return exitCodes.jobFailed.code;
  if (state === 'cancelled') return exitCodes.jobCancelled.code;
  const isMalicious = found.some(({ verdict }) => verdict === 'malicious');
  return isMalicious ? exitCodes.malicious.code : exitCodes.ok.code;
}

export async function runReport(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const [digest = ''] = invocation.arguments;
  const format = flagText(flags, 'format');
  const project = flagText(flags, 'project');
  const query = {
    ...(format !== undefined && { format }),
    ...(project !== undefined && { project }),
  };
  const params = { digest };
  check(images.report.params, params, []);
  check(images.report.query, query, fieldsOf(images.report.query));
  const { client } = await invocation.connect();
  // Checked above, word by word.
  const pieces = readReport(client, { params, query: query as { format?: 'json' } });
  const to = flagText(flags, 'output');
  if (to !== undefined && to !== '-') return writeWhole(to, pieces);
  for await (const piece of pieces) await writeOut(invocation, piece);
}

async function* readReport(
  client: Client,
  call: OperationCall<typeof images.report>,
): AsyncGenerator<Uint8Array> {
  try {
    const response = await client.open(images.report, call);
    for await (const piece of response.body ?? []) yield piece;
  } catch (error) {
    throw asUnreachable(error, 'the server') ?? error;
  }
}
