/** The plan of a command line of `lazaret submit`: engines, files and options. */
import {
  jobSubmission,
  operations,
  plural,
  Problem,
  type Client,
  type OperationOutput,
} from '@lazaret/protocol';

import { flagList, flagOn, flagText, type Flags, type Invocation } from '../../command/command.ts';
import { fieldsOf } from '../../command/operation-flags.ts';
import { check } from '../../command/check-values.ts';
import { callTimeout } from '../../connection/connection.ts';
import { refuseUnknownName } from '../../connection/call-by-name.ts';
import { usageFailure } from '../../failure.ts';
import { findSource, standardInput, type UploadSource } from '../../files/upload-file.ts';
import { cliLimits } from '../../limits.ts';
import { readIdempotencyKey } from '../../command/read-idempotency-key.ts';
import { readParameters } from './read-parameters.ts';

type EngineDetail = OperationOutput<typeof operations.engines.show>;

/** What all jobs of one engine have in common. */
export interface EnginePlan {
  readonly engine: string;
  /** One job for all files instead of one job per file. */
  readonly together: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What all jobs of one command line have in common. */
export interface SubmissionPlan {
  readonly engines: readonly EnginePlan[];
  readonly project: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
  readonly sources: readonly UploadSource[];
}

/** Reads and checks the command line; nothing is sent. */
export async function readPlan(invocation: Invocation): Promise<SubmissionPlan> {
  const { shell, flags } = invocation;
  const [list = '', ...paths] = invocation.arguments;
  const names = readEngineNames(list);
  const idempotencyKey = readIdempotencyKey(flags);
  const name = flagText(flags, 'name');
  checkFiles(paths, { name, engines: names.length, flags });
  const priority = flagText(flags, 'priority');
  const fields = {
    tags: flagList(flags, 'tag'),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...textField(flags, 'timeLimit'),
    ...textField(flags, 'queueTimeLimit'),
  };
  const together = flagOn(flags, 'together');
  const parametersOf = await readParameters(shell, flags, names);
  const engines = names.map((engine): EnginePlan => {
    const parameters = parametersOf(engine);
    // the name of the engine is checked with the names that the server knows
    const submission = { engine: anyEngine, ...textField(flags, 'project'), ...fields, parameters };
    check(jobSubmission, submission, fieldsOf(jobSubmission));
    return { engine, together, parameters };
  });
  const sources = await Promise.all(paths.map((path) => findSource(path, name)));
  return { engines, project: flagText(flags, 'project'), fields, idempotencyKey, sources };
}

const anyEngine = 'engine';

/**
 * Engines are looked up before anything is uploaded, so that a misspelled one submits nothing. Of
 * several, as in the console, an engine that takes one file gets a job for each.
 */
export async function adaptToEngines(
  client: Client,
  plan: SubmissionPlan,
): Promise<SubmissionPlan> {
  for (const { engine } of plan.engines) await checkEngineName(client, engine);
  const engines: EnginePlan[] = [];
  for (const each of plan.engines) {
    const found = await lookUpEngine(client, each.engine);
    // a token may allow submitting only; the server then checks one engine by itself
    if (found === undefined && plan.engines.length === 1) return plan;
    if (found === undefined) throw new Problem('forbidden', 'several engines need engines.read');
    const { enabled, manifest } = found;
    if (!enabled) throw new Problem('engine_disabled', `the engine ${each.engine} is disabled`);
    const { min, max } = manifest.input.count;
    const together = max > 1 && (each.together || min > 1);
    if (plan.engines.length > 1) engines.push({ ...each, together });
    else engines.push(checkInputs(each, plan.sources.length, manifest.input.count));
  }
  return { ...plan, engines };
}

/** The one engine must take the files; of several engines, each decides for itself. */
function checkInputs(
  plan: EnginePlan,
  files: number,
  { min, max }: { readonly min: number; readonly max: number },
): EnginePlan {
  const inputs = plan.together ? files : Math.min(files, 1);
  if (inputs >= min && inputs <= max) return plan;
  const range = min === max ? plural(min, 'file') : `${min} to ${plural(max, 'file')}`;
  const received = files === 0 ? 'none' : String(inputs);
  const hint =
    inputs < files
      ? 'Use --together to submit all files as inputs of one job.'
      : `\`lazaret engines show ${plan.engine}\` describes its inputs.`;
  throw usageFailure(`${plan.engine} takes ${range} per job, received ${received}`, { hint });
}

/** Undefined without permission. An unknown name is refused with the nearest one. */
async function lookUpEngine(client: Client, name: string): Promise<EngineDetail | undefined> {
  try {
    const options = { signal: callTimeout() };
    return await client.call(operations.engines.show, { params: { name } }, options);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'forbidden') return undefined;
    if (error.code !== 'not_found') throw error;
    // the names are only for the suggestion
    await refuseUnknownName(client, 'engines', name).catch((reason: unknown) => {
      throw reason instanceof Problem ? error : reason;
    });
    throw error;
  }
}

/** A name that no engine can have, such as one with capital letters. */
async function checkEngineName(client: Client, name: string): Promise<void> {
  if (jobSubmission.shape.engine.safeParse(name).success) return;
  await refuseUnknownName(client, 'engines', name);
}

/** `strings,apktool` */
function readEngineNames(list: string): readonly string[] {
  const names = list.split(',');
  if (names.length > 1 && names.includes('')) {
    throw usageFailure(`expected names of engines separated by commas, received ${list}`);
  }
  if (names.length > cliLimits.enginesPerCommand) {
    throw usageFailure(`at most ${cliLimits.enginesPerCommand} engines at a time`);
  }
  for (const name of names) {
    const issue = jobSubmission.shape.engine.safeParse(name).error?.issues[0];
    // other invalid names are compared with those that the server knows
    if (issue?.code === 'custom') throw usageFailure(`engine ${name}: ${issue.message}`);
  }
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw usageFailure(`the engine ${twice} is given twice`);
  return names;
}

interface FileRules {
  readonly name: string | undefined;
  readonly engines: number;
  readonly flags: Flags;
}

function checkFiles(paths: readonly string[], { name, engines, flags }: FileRules): void {
  if (paths.filter((path) => path === standardInput).length > 1) {
    throw usageFailure('standard input can be read only once');
  }
  if (paths.length > cliLimits.filesPerCommand) {
    throw usageFailure(`at most ${cliLimits.filesPerCommand} files at a time`);
  }
  if (name !== undefined && paths.length > 1) {
    throw usageFailure('--name can only be used with one file');
  }
  if (flagText(flags, 'result') === undefined) return;
  const hint = 'download each result with `lazaret result JOB -O FILE`.';
  if (engines > 1) {
    throw usageFailure('--result can only be used with one job, and each engine makes a job', {
      hint: `Name one engine, or ${hint}`,
    });
  }
  if (paths.length > 1 && !flagOn(flags, 'together')) {
    throw usageFailure('--result can only be used with one job, and each file becomes a job', {
      hint: `Use --together, or ${hint}`,
    });
  }
}

function textField(flags: Flags, name: string): Readonly<Record<string, string>> {
  const text = flagText(flags, name);
  return text === undefined ? {} : { [name]: text };
}
