/** `lazaret submit`: uploads files, creates jobs, and waits for their results if requested. */
import { createHash, randomUUID } from 'node:crypto';

import {
  formatDuration,
  operations,
  parseDuration,
  Problem,
  type Artifact,
  type Client,
  type JobDetail,
} from '@lazaret/protocol';

import {
  flagOn,
  flagText,
  type Connection,
  type Flags,
  type Invocation,
} from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure } from '../../failure.ts';
import { transientReason, pause } from '../../connection/follow-stream.ts';
import { cliLimits } from '../../limits.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';
import { explainFailure } from '../../render/failure-text.ts';
import { createLogSink } from '../../render/log-sink.ts';
import {
  printNote,
  printStructured,
  printTerminalNote,
  writeError,
  writeOut,
} from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { saveResult } from './save-result.ts';
import { standardInput, uploadFile, type UploadSource } from '../../files/upload-file.ts';
import {
  adaptToEngines,
  readPlan,
  type EnginePlan,
  type SubmissionPlan,
} from './submission-plan.ts';
import { exitCodeOfJob, printOutcome, waitForJobs } from './wait-job.ts';

export async function run(invocation: Invocation): Promise<number> {
  const read = await readPlan(invocation);
  const connection = await invocation.connect();
  const plan = await adaptToEngines(connection.client, read);
  const { flags, settings } = invocation;
  const isList = plan.engines.length > 1;
  const jobs: JobDetail[] = [];
  let refused: number;
  try {
    refused = await submitAll(invocation, connection.client, { plan, jobs });
  } catch (error) {
    // the jobs before the failure exist: a script must learn their IDs
    if (settings.output !== 'table' && jobs.length > 0) await printJobs(invocation, jobs, isList);
    throw error;
  }
  const exitCode = isWaiting(flags)
    ? await waitForAll(invocation, connection, { jobs, withEngine: isList })
    : 0;
  if (settings.output !== 'table') await printJobs(invocation, jobs, isList);
  return exitCode === exitCodes.interrupted.code || refused === 0 ? exitCode : refused;
}

interface UploadedFile {
  readonly sha256: string;
  readonly name: string;
}

/**
 * Each file is uploaded once, then submitted to every engine; the jobs are added to `jobs`. Returns
 * the exit code of the first submission that was refused; 0 if none was.
 */
async function submitAll(
  invocation: Invocation,
  client: Client,
  { plan, jobs }: { readonly plan: SubmissionPlan; readonly jobs: JobDetail[] },
): Promise<number> {
  let exitCode = 0;
  const key = plan.idempotencyKey ?? randomUUID();
  const submit = async (engine: EnginePlan, inputs: UploadedFile[], at: number): Promise<void> => {
    const isOnly = engine.together || plan.sources.length < 2;
    const isSingle = isOnly && plan.engines.length === 1;
    const own = isSingle ? key : deriveKey(key, engine.engine, isOnly ? undefined : at);
    const job = { plan, engine, inputs, key: own };
    try {
      const made = await submitOne(client, job);
      jobs.push(made);
      await printSubmitted(invocation, made, plan.engines.length);
      await printReducedLimit(invocation, made);
    } catch (error) {
      // An engine that refuses the file does not affect the others.
      if (plan.engines.length === 1 || !isRefusal(error)) throw error;
      const code = await printRefusal(invocation, { error, engine: engine.engine, inputs });
      exitCode = exitCode === 0 ? code : exitCode;
    }
  };
  const perFile = plan.engines.filter(({ together }) => !together);
  const uploaded: UploadedFile[] = [];
  for (const [at, source] of plan.sources.entries()) {
    const { sha256 } = await upload(invocation, client, { plan, source });
    const file = { sha256, name: source.name };
    uploaded.push(file);
    for (const engine of perFile) await submit(engine, [file], at);
  }
  const rest = plan.sources.length === 0 ? plan.engines : plan.engines.filter((e) => e.together);
  for (const engine of rest) await submit(engine, uploaded, 0);
  return exitCode;
}

/** The key of one of several jobs, of a fixed length; the same command line gives the same keys. */
function deriveKey(key: string, engine: string, file: number | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([key, engine, file ?? null]))
    .digest('hex');
}

/** A limit of the engine is not exceeded silently: the reader asked for more than the job gets. */
async function printReducedLimit(invocation: Invocation, job: JobDetail): Promise<void> {
  const wanted = parseDuration(flagText(invocation.flags, 'timeLimit') ?? '');
  if (wanted === undefined || wanted <= job.timeLimitMs) return;
  const limit = formatDuration(job.timeLimitMs);
  const note = `time limit reduced to ${limit}, the maximum of engine ${job.engine}`;
  await printNote(invocation, `${job.id}  ${note}`);
}

async function upload(
  invocation: Invocation,
  client: Client,
  { plan, source }: { plan: SubmissionPlan; source: UploadSource },
): Promise<Artifact> {
  const interrupt = interceptInterrupt();
  try {
    const { project } = plan;
    return await uploadFile(invocation, client, { source, project, signal: interrupt.signal });
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new Failure(`uploading ${source.name} was interrupted; nothing was stored`, {
      exitCode: exitCodes.interrupted.code,
    });
  } finally {
    interrupt.release();
  }
}

interface Submission {
  readonly plan: SubmissionPlan;
  readonly engine: EnginePlan;
  readonly inputs: readonly UploadedFile[];
  readonly key: string;
}

/** Retries a submission whose response was lost: its key prevents a second job. */
async function submitOne(
  client: Client,
  { plan, engine: { engine, parameters }, inputs, key }: Submission,
): Promise<JobDetail> {
  const project = plan.project === undefined ? {} : { project: plan.project };
  const body = { engine, ...project, inputs: [...inputs], ...plan.fields, parameters };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.call(
        operations.jobs.submit,
        { body },
        { headers: { 'idempotency-key': key }, signal: AbortSignal.timeout(cliLimits.callMs) },
      );
    } catch (error) {
      const isLast = attempt >= cliLimits.submitAttempts;
      if (transientReason(error) === undefined || isLast) throw error;
      await pause(attempt);
    }
  }
}

/** Whether one engine refuses the job; credentials and the server concern all of them. */
function isRefusal(error: unknown): error is Problem {
  return error instanceof Problem && ![401, 403, 429].includes(error.status) && error.status < 500;
}

async function printRefusal(
  invocation: Invocation,
  { error, engine, inputs }: { error: Problem; engine: string; inputs: readonly UploadedFile[] },
): Promise<number> {
  const color = invocation.settings.color.stderr;
  const { text, exitCode } = explainFailure(error, { color, debug: false });
  const names = inputs.map(({ name }) => visibleLine(name)).join(', ');
  await writeError(invocation, `not submitted to ${engine}${names && `: ${names}`}\n${text}`);
  return exitCode;
}

/** Prints the ID as soon as it is known, unless standard output is used for something else. */
async function printSubmitted(
  invocation: Invocation,
  job: JobDetail,
  engines: number,
): Promise<void> {
  const { settings, flags, shell } = invocation;
  const names = job.inputs.map(({ name }) => visibleLine(name)).join(', ');
  const line = `${job.id}  ${job.engine}${names === '' ? '' : `  ${names}`}`;
  if (settings.output === 'table' && !isOutputTaken(flags)) {
    // A terminal shows which job is whose; a script gets IDs alone, whatever is submitted.
    const isLabelled = shell.stdout.isTTY && engines > 1 && !settings.quiet;
    await writeOut(invocation, `${isLabelled ? line : job.id}\n`);
    if (shell.stdout.isTTY) return;
  }
  await printTerminalNote(invocation, line);
}

/** Waits for all jobs; replaces each in the list by its last known state. Returns the exit code. */
async function waitForAll(
  invocation: Invocation,
  connection: Connection,
  { jobs, withEngine }: { readonly jobs: JobDetail[]; readonly withEngine: boolean },
): Promise<number> {
  const { client } = connection;
  const { flags, settings } = invocation;
  const result = flagText(flags, 'result');
  const to = settings.output !== 'table' || result === '-' ? 'stderr' : 'stdout';
  let exitCode: number = exitCodes.ok.code;
  const isInterrupted = await waitForJobs(invocation, client, {
    ids: jobs.map(({ id }) => id),
    cancelOnInterrupt: flagOn(flags, 'cancelOnInterrupt'),
    ...(flagOn(flags, 'follow')
      ? { openLog: () => createLogSink(invocation, { raw: false, to }) }
      : {}),
    onEnded: async (job) => {
      jobs[jobs.findIndex(({ id }) => id === job.id)] = job;
      exitCode = exitCode === 0 ? exitCodeOfJob(job) : exitCode;
      await printOutcome(invocation, connection, { job, withEngine });
      if (result === undefined || job.state !== 'succeeded') return;
      const path = result === standardInput ? undefined : result;
      await saveResult(invocation, client, { job, path: undefined, to: path, raw: false });
    },
  });
  return isInterrupted ? exitCodes.interrupted.code : exitCode;
}

/** With several engines always an array, even if only one of them took the file. */
async function printJobs(
  invocation: Invocation,
  jobs: readonly JobDetail[],
  isList: boolean,
): Promise<void> {
  if (flagText(invocation.flags, 'result') === '-') return;
  await printStructured(invocation, jobs.length === 1 && !isList ? jobs[0] : jobs);
}

/** Each of these needs the end of the job. */
function isWaiting(flags: Flags): boolean {
  const implied = flagOn(flags, 'follow') || flagText(flags, 'result') !== undefined;
  return implied || flagOn(flags, 'wait') || flagOn(flags, 'cancelOnInterrupt');
}

function isOutputTaken(flags: Flags): boolean {
  return flagOn(flags, 'follow') || flagText(flags, 'result') === '-';
}
