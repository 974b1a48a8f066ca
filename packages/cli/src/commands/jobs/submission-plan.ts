/** The plan of a command line of `lazaret submit`: engines, files and options. */
import { jobSubmission, operations, Problem, type Client } from '@lazaret/protocol';

import { flagList, flagOn, flagText, type Flags, type Invocation } from '../../command/command.ts';
import { fieldsOf } from '../../command/operation-flags.ts';
import { check } from '../../command/run-operation.ts';
import { usageFailure } from '../../failure.ts';
import { findSource, standardInput, type UploadSource } from '../../files/upload-file.ts';
import { cliLimits } from '../../limits.ts';
import { readParameters } from './read-parameters.ts';

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
    const submission = { engine, ...textField(flags, 'project'), ...fields, parameters };
    check(jobSubmission, submission, fieldsOf(jobSubmission));
    return { engine, together, parameters };
  });
  const sources = await Promise.all(paths.map((path) => findSource(path, name)));
  const idempotencyKey = flagText(flags, 'idempotencyKey');
  return { engines, project: flagText(flags, 'project'), fields, idempotencyKey, sources };
}

/**
 * Several engines are looked up before anything is uploaded, so that a misspelled one submits
 * nothing. As in the console, an engine that takes one file gets a job for each.
 */
export async function adaptToEngines(
  client: Client,
  plan: SubmissionPlan,
): Promise<SubmissionPlan> {
  if (plan.engines.length < 2) return plan;
  const engines: EnginePlan[] = [];
  for (const each of plan.engines) {
    const call = { params: { name: each.engine } };
    const options = { signal: AbortSignal.timeout(cliLimits.callMs) };
    const { enabled, manifest } = await client.call(operations.engines.show, call, options);
    if (!enabled) throw new Problem('engine_disabled', `the engine ${each.engine} is disabled`);
    const { min, max } = manifest.input.count;
    engines.push({ ...each, together: max > 1 && (each.together || min > 1) });
  }
  return { ...plan, engines };
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
