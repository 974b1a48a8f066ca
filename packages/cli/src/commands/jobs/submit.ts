/** `lazaret submit`: uploads files, creates jobs, and waits for their results if requested. */
import { randomUUID } from 'node:crypto';

import {
  jobSubmission,
  operations,
  type Artifact,
  type Client,
  type JobDetail,
} from '@lazaret/protocol';

import {
  flagList,
  flagOn,
  flagText,
  type Connection,
  type Flags,
  type Invocation,
} from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure, usageFailure } from '../../failure.ts';
import { transientReason, pause } from '../../connection/follow-stream.ts';
import { cliLimits } from '../../limits.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';
import { check } from '../../command/run-operation.ts';
import { fieldsOf } from '../../command/operation-flags.ts';
import { readParameters } from './read-parameters.ts';
import { createLogSink } from '../../render/log-sink.ts';
import { printStructured, printTerminalNote, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { saveResult } from './save-result.ts';
import {
  findSource,
  standardInput,
  uploadFile,
  type UploadSource,
} from '../../files/upload-file.ts';
import { exitCodeOfJob, printOutcome, waitForJob } from './wait-job.ts';

/** What all jobs of one command line have in common. */
interface Plan {
  readonly engine: string;
  readonly project: string | undefined;
  readonly together: boolean;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
  readonly sources: readonly UploadSource[];
}

export async function run(invocation: Invocation): Promise<number> {
  const plan = await readPlan(invocation);
  const connection = await invocation.connect();
  const { client } = connection;
  const jobs = await submitAll(invocation, client, plan);
  const { flags, settings } = invocation;
  if (!isWaiting(flags)) {
    if (settings.output !== 'table') await printJobs(invocation, jobs);
    return 0;
  }
  const ended: JobDetail[] = [];
  let exitCode = 0;
  for (const { id } of jobs) {
    const job = await waitForOne(invocation, connection, id);
    exitCode = exitCode === 0 ? exitCodeOfJob(job) : exitCode;
    if (job === undefined) break;
    ended.push(job);
  }
  if (settings.output !== 'table') await printJobs(invocation, ended);
  return exitCode;
}

async function readPlan(invocation: Invocation): Promise<Plan> {
  const { shell, flags } = invocation;
  const [engine = '', ...paths] = invocation.arguments;
  const name = flagText(flags, 'name');
  const together = flagOn(flags, 'together');
  if (paths.filter((path) => path === standardInput).length > 1) {
    throw usageFailure('standard input can be read only once');
  }
  if (paths.length > cliLimits.filesPerCommand) {
    throw usageFailure(`at most ${cliLimits.filesPerCommand} files at a time`);
  }
  if (name !== undefined && paths.length > 1) {
    throw usageFailure('--name can only be used with one file');
  }
  if (flagText(flags, 'result') !== undefined && paths.length > 1 && !together) {
    throw usageFailure('--result can only be used with one job, and each file becomes a job', {
      hint: 'Use --together, or download each result with `lazaret result JOB -O FILE`.',
    });
  }
  const priority = flagText(flags, 'priority');
  const fields = {
    tags: flagList(flags, 'tag'),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...textField(flags, 'timeLimit'),
    ...textField(flags, 'queueTimeLimit'),
    parameters: await readParameters(shell, flags),
  };
  const submission = { engine, ...textField(flags, 'project'), ...fields };
  check(jobSubmission, submission, fieldsOf(jobSubmission));
  const sources = await Promise.all(paths.map((path) => findSource(path, name)));
  const idempotencyKey = flagText(flags, 'idempotencyKey');
  return { engine, project: flagText(flags, 'project'), together, fields, idempotencyKey, sources };
}

function textField(flags: Flags, name: string): Readonly<Record<string, string>> {
  const text = flagText(flags, name);
  return text === undefined ? {} : { [name]: text };
}

/** One job per file; with `--together`, or without files, one job. */
async function submitAll(
  invocation: Invocation,
  client: Client,
  plan: Plan,
): Promise<readonly JobDetail[]> {
  const { sources, together } = plan;
  const groups = together || sources.length === 0 ? [sources] : sources.map((source) => [source]);
  const jobs: JobDetail[] = [];
  for (const [index, group] of groups.entries()) {
    const inputs: Artifact[] = [];
    for (const source of group) inputs.push(await upload(invocation, client, { plan, source }));
    const key = plan.idempotencyKey ?? randomUUID();
    const job = await submitOne(client, {
      plan,
      inputs: inputs.map(({ sha256 }, at) => ({ sha256, name: group[at]?.name ?? sha256 })),
      key: groups.length === 1 ? key : `${key}-${index + 1}`,
    });
    await printSubmitted(invocation, job);
    jobs.push(job);
  }
  return jobs;
}

async function upload(
  invocation: Invocation,
  client: Client,
  { plan, source }: { plan: Plan; source: UploadSource },
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

/** Retries a submission whose response was lost: its key prevents a second job. */
async function submitOne(
  client: Client,
  job: { plan: Plan; inputs: { sha256: string; name: string }[]; key: string },
): Promise<JobDetail> {
  const { plan, inputs, key } = job;
  const project = plan.project === undefined ? {} : { project: plan.project };
  const body = { engine: plan.engine, ...project, inputs, ...plan.fields };
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

/** Prints the ID as soon as it is known, unless standard output is used for something else. */
async function printSubmitted(invocation: Invocation, job: JobDetail): Promise<void> {
  const { settings, flags } = invocation;
  const names = job.inputs.map(({ name }) => visibleLine(name)).join(', ');
  if (settings.output === 'table' && !isOutputTaken(flags)) {
    await writeOut(invocation, `${job.id}\n`);
    if (invocation.shell.stdout.isTTY) return;
  }
  await printTerminalNote(
    invocation,
    `${job.id}  ${job.engine}${names === '' ? '' : `  ${names}`}`,
  );
}

async function waitForOne(
  invocation: Invocation,
  connection: Connection,
  id: string,
): Promise<JobDetail | undefined> {
  const { client } = connection;
  const { flags, settings } = invocation;
  const result = flagText(flags, 'result');
  const to = settings.output !== 'table' || result === '-' ? 'stderr' : 'stdout';
  const sink = flagOn(flags, 'follow') ? createLogSink(invocation, { raw: false, to }) : undefined;
  const job = await waitForJob(invocation, client, {
    id,
    ...(sink === undefined ? {} : { onLog: (chunk) => sink.write(chunk) }),
    cancelOnInterrupt: flagOn(flags, 'cancelOnInterrupt'),
  });
  await sink?.end();
  if (job === undefined) return undefined;
  await printOutcome(invocation, connection, job);
  if (result !== undefined && job.state === 'succeeded') {
    await saveResult(invocation, client, {
      job,
      path: undefined,
      to: result === standardInput ? undefined : result,
      raw: false,
    });
  }
  return job;
}

async function printJobs(invocation: Invocation, jobs: readonly JobDetail[]): Promise<void> {
  if (flagText(invocation.flags, 'result') === '-') return;
  await printStructured(invocation, jobs.length === 1 ? jobs[0] : jobs);
}

/** Each of these needs the end of the job. */
function isWaiting(flags: Flags): boolean {
  const implied = flagOn(flags, 'follow') || flagText(flags, 'result') !== undefined;
  return implied || flagOn(flags, 'wait') || flagOn(flags, 'cancelOnInterrupt');
}

function isOutputTaken(flags: Flags): boolean {
  return flagOn(flags, 'follow') || flagText(flags, 'result') === '-';
}
