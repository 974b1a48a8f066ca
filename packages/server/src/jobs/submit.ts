/**
 * Submission: validates the request, then writes job, inputs, history and event in one
 * transaction.
 */
import { createHash } from 'node:crypto';

import {
  plural,
  Problem,
  type EngineManifest,
  type JobSubmission,
  type ProblemField,
} from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { readArtifacts } from '../artifacts/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { jobLimits } from './limits.ts';
import { recordMove } from './move.ts';

/** The engine at the time of submission. */
export interface RunnableEngine {
  readonly name: string;
  readonly revision: number;
  readonly enabled: boolean;
  readonly manifest: EngineManifest;
}

export interface SubmissionContext {
  readonly database: Kysely<Database>;
  readonly engine: RunnableEngine;
  readonly project: string;
  /** The caller. */
  readonly actor: string;
  /** Fields of the parameters that violate the schema of the engine. */
  readonly checkParameters: (parameters: Readonly<Record<string, unknown>>) => ProblemField[];
  readonly idempotencyKey?: string;
  readonly rerunOf?: string;
}

/** Throws the problem `engine_disabled`. */
export function checkEnabled({ name, enabled }: Pick<RunnableEngine, 'name' | 'enabled'>): void {
  if (enabled) return;
  throw new Problem('engine_disabled', `the engine ${name} is disabled`, {
    hint: `An operator can enable it: \`lazaret engines enable ${name}\`.`,
  });
}

/** Returns the id of the job; of the earlier one when the idempotency key was used before. */
export async function submitJob(
  submission: JobSubmission,
  context: SubmissionContext,
): Promise<string> {
  const { engine, database } = context;
  checkEnabled(engine);
  checkParameters(submission, context);
  const hash = createHash('sha256').update(JSON.stringify(submission)).digest('hex');
  const earlier = await findEarlier(context, hash);
  if (earlier !== undefined) return earlier;
  const inputs = await checkInputs(submission, context);
  try {
    return await database
      .transaction()
      .execute((transaction) => insertJob(transaction, { submission, context, inputs, hash }));
  } catch (error) {
    const { constraint } = error as { constraint?: string };
    // A caller with all projects can request any project; it may also be removed meanwhile.
    if (constraint === 'jobs_project_fkey') {
      throw new Problem('not_found', `there is no project ${context.project} that you can see`);
    }
    // Concurrent submissions with one key: the second one finds the first.
    const isKeyTaken = constraint === 'jobs_idempotency';
    const first = isKeyTaken ? await findEarlier(context, hash) : undefined;
    if (first !== undefined) return first;
    throw error;
  }
}

/**
 * Whether one file without parameters is a valid submission to the engine; checked before it is
 * read.
 */
export function checkBareUpload(
  engine: RunnableEngine,
  parameterFaults: readonly ProblemField[],
): void {
  const { count } = engine.manifest.input;
  if (count.min > 1 || count.max < 1) {
    throw new Problem(
      'invalid_input',
      `the engine ${engine.name} requires at least ${count.min} and at most ${count.max} inputs, ` +
        'an upload has exactly one input; use POST /api/v1/jobs with artifact digests',
    );
  }
  const [first] = parameterFaults;
  if (first === undefined) return;
  throw new Problem(
    'invalid_parameters',
    `${first.path}: ${first.message}; an upload has no parameters; use POST /api/v1/jobs`,
    { fields: parameterFaults },
  );
}

function checkParameters(submission: JobSubmission, context: SubmissionContext): void {
  const { engine } = context;
  const size = Buffer.byteLength(JSON.stringify(submission.parameters));
  if (size > jobLimits.parametersBytes) {
    const detail = `expected at most ${jobLimits.parametersBytes} bytes, received ${size}`;
    throw new Problem('invalid_parameters', detail);
  }
  const names = Object.keys(submission.parameters);
  if (engine.manifest.parameters === undefined && names.length > 0) {
    throw new Problem(
      'invalid_parameters',
      `the engine ${engine.name} accepts no parameters, received ${names.slice(0, 5).join(', ')}`,
    );
  }
  const fields = context.checkParameters(submission.parameters);
  const [first] = fields;
  if (first === undefined) return;
  throw new Problem('invalid_parameters', `${first.path}: ${first.message}`, { fields });
}

interface CheckedInput {
  readonly name: string;
  readonly sha256: string;
}

/** Inputs must be artifacts of the project, in the number and size that the engine accepts. */
async function checkInputs(
  submission: JobSubmission,
  context: SubmissionContext,
): Promise<CheckedInput[]> {
  const { engine, project } = context;
  const { count, maxBytes, name: fixedName } = engine.manifest.input;
  const given = submission.inputs;
  if (given.length < count.min || given.length > count.max) {
    const range = count.min === count.max ? '' : `${count.min} to `;
    const wanted = `${range}${plural(count.max, 'input')}`;
    throw new Problem(
      'invalid_input',
      `the engine ${engine.name} takes ${wanted}, received ${given.length}`,
      { fields: [{ path: 'inputs', message: `expected ${wanted}` }] },
    );
  }
  const known = await readArtifacts(context.database, {
    project,
    digests: given.map((one) => one.sha256),
  });
  const taken = new Set<string>();
  return given.map((input, position) => {
    const artifact = known.get(input.sha256);
    const path = `inputs[${position}]`;
    if (artifact === undefined) {
      throw new Problem(
        'not_found',
        `${path}: there is no artifact ${input.sha256} in ${project}`,
        {
          fields: [{ path: `${path}.sha256`, message: 'is not an artifact of the project' }],
        },
      );
    }
    if (artifact.sizeBytes > maxBytes) {
      throw new Problem(
        'payload_too_large',
        `${path}: the engine ${engine.name} takes at most ${maxBytes} bytes, received ${artifact.sizeBytes}`,
      );
    }
    // The original name is stored for display; the container gets a fixed name.
    const name = input.name ?? artifact.name;
    const seen = fixedName ?? name;
    if (given.length > 1 && (taken.has(seen) || fixedName !== undefined) && taken.size > 0) {
      throw new Problem('invalid_input', `${path}: the name ${seen} is used twice`, {
        fields: [
          { path: `${path}.name`, message: 'is used twice; give the inputs different names' },
        ],
      });
    }
    taken.add(seen);
    return { name, sha256: input.sha256 };
  });
}

async function findEarlier(context: SubmissionContext, hash: string): Promise<string | undefined> {
  if (context.idempotencyKey === undefined) return undefined;
  const earlier = await context.database
    .selectFrom('jobs')
    .select(['id', 'idempotency_hash'])
    .where('project', '=', context.project)
    .where('submitted_by', '=', context.actor)
    .where('idempotency_key', '=', context.idempotencyKey)
    .executeTakeFirst();
  if (earlier === undefined) return undefined;
  if (earlier.idempotency_hash === hash) return earlier.id;
  throw new Problem('idempotency_conflict', `the key was used for the job ${earlier.id}`);
}

async function insertJob(
  transaction: Transaction<Database>,
  parts: {
    readonly submission: JobSubmission;
    readonly context: SubmissionContext;
    readonly inputs: readonly CheckedInput[];
    readonly hash: string;
  },
): Promise<string> {
  const { submission, context, inputs } = parts;
  const { manifest } = context.engine;
  const id = newId();
  const timeLimit = Math.min(submission.timeLimit ?? manifest.timeLimit, manifest.timeLimit);
  await transaction
    .insertInto('jobs')
    .values({
      id,
      project: context.project,
      engine: context.engine.name,
      engine_revision: context.engine.revision,
      parameters: JSON.stringify(submission.parameters),
      tags: [...new Set(submission.tags)],
      priority: submission.priority,
      memory_bytes: manifest.resources.memory + jobLimits.containerOverheadBytes,
      cpus: manifest.resources.cpus,
      runtime: manifest.runtime ?? null,
      concurrency: manifest.concurrency ?? null,
      time_limit_ms: Math.round(timeLimit * 1_000),
      queue_time_limit_ms: Math.round(
        (submission.queueTimeLimit ?? manifest.queueTimeLimit) * 1_000,
      ),
      submitted_by: context.actor,
      rerun_of: context.rerunOf ?? null,
      idempotency_key: context.idempotencyKey ?? null,
      idempotency_hash: context.idempotencyKey === undefined ? null : parts.hash,
      moves: sql<number>`1`,
    })
    .execute();
  if (inputs.length > 0) {
    await transaction
      .insertInto('job_inputs')
      .values(inputs.map((input, position) => ({ job: id, position, ...input })))
      .execute();
  }
  const moved = { id, project: context.project, engine: context.engine.name, moves: 1 };
  await recordMove(transaction, moved, { job: id, to: 'queued', cause: context.actor });
  await appendEvents(transaction, [
    {
      type: 'job.submitted',
      subject: id,
      actor: context.actor,
      project: context.project,
      data: { engine: context.engine.name, inputs: inputs.map((input) => input.sha256) },
    },
  ]);
  return id;
}
