/** Plans the jobs of a submission to an engine. */
import { type EngineManifest, type JobDetail, operations } from '@lazaret/protocol';

import { client } from '../../client.ts';
import type { SubmitOptions } from './options-form.tsx';
import type { EngineChoice } from './use-engine-choice.ts';
import { type EnginePlan, randomKey, type StoredInput } from './use-submission.ts';

interface PlanAsk {
  readonly together: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly options: SubmitOptions;
}

/** An engine that accepts one file always gets a job for each. */
export function planEngine(
  { name, input }: EngineManifest,
  { together, parameters, options }: PlanAsk,
): EnginePlan {
  const { min, max } = input.count;
  return {
    engine: name,
    together: max > 1 && (together || min > 1),
    submit: (inputs: StoredInput[], key: string): Promise<JobDetail> =>
      client.call(
        operations.jobs.submit,
        { body: { engine: name, inputs, parameters, ...submissionOptions(options) } },
        { headers: { 'idempotency-key': key } },
      ),
  };
}

/** Why nothing was submitted. */
export function invalidMessage({ isInvalid }: Pick<EngineChoice, 'isInvalid'>): string {
  return `${isInvalid ? 'A parameter' : 'An option'} is not valid; nothing was submitted.`;
}

/** Why nothing can be submitted yet: what is missing, or that all files were submitted. */
export function missingText(engines: readonly EngineManifest[], files: number): string {
  const needsFile = engines.length === 0 || engines.some(({ input }) => input.count.min > 0);
  const needsEngine = engines.length === 0;
  if (needsEngine) return files === 0 ? 'Add a file and choose an engine.' : 'Choose an engine.';
  if (needsFile && files === 0) return 'Add a file.';
  return 'All files were submitted to the chosen engines.';
}

/** For engines without inputs. */
export async function submitWithoutFiles(plans: readonly EnginePlan[]): Promise<string[]> {
  const made: string[] = [];
  for (const plan of plans) made.push((await plan.submit([], randomKey())).id);
  return made;
}

/** The fields of a submission that are the same for all engines. */
export function submissionOptions({ tags, priority, timeLimit, project }: SubmitOptions) {
  return {
    tags: [...tags],
    priority,
    ...(timeLimit.trim() === '' ? {} : { timeLimit: timeLimit.trim() }),
    ...(project === undefined ? {} : { project }),
  };
}
