/** The pull gate: what it answers for an image, and the state of the processes that serve it. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, timestamp } from '../core/fields.ts';
import { registryName } from '../registries/model.ts';
import { verdictState } from '../reports/coverage.ts';

/** What the gate answers for an image; the strictest last. */
export const gateAnswers = ['allow', 'warn', 'hold', 'deny'] as const;
export type GateAnswer = (typeof gateAnswers)[number];

/** How a pull of a manifest ended. */
export const pullOutcomes = [
  'allowed',
  /** Allowed with a warning. */
  'warned',
  'denied',
  /** Not decided in time. */
  'held',
  /** Not decided in time, and let through by the option `gateUndecided`. */
  'undecided',
  /** Refused, because decisions could not be read. */
  'unavailable',
  /** Let through by the option `gateUnavailable` although decisions could not be read. */
  'bypassed',
  /** The registry does not have it. */
  'not_found',
  /** The registry failed. */
  'failed',
] as const;
export type PullOutcome = (typeof pullOutcomes)[number];

const count = z.number().int();

export const gateCounters = z.object({
  pulls: z.record(z.enum(pullOutcomes), count).describe('Requests for manifests, by outcome'),
  blobs: count.describe('Blobs that were served'),
  blobsDenied: count.describe('Blobs that were refused: not part of an allowed image'),
  bytes: count.describe('Bytes that were sent to clients'),
  admitted: count.describe('Workloads that the admission webhook allowed'),
  rejected: count.describe('Workloads that the admission webhook denied'),
  manifestSeconds: z.number().describe('Time that all requests for manifests took'),
  unauthorized: count.describe('Requests without valid credentials'),
});
export type GateCounters = z.output<typeof gateCounters>;

export const gate = z.object({
  address: z.string().describe('Address that it listens on'),
  host: z.string().describe('Host name of the process'),
  state: z
    .enum(['serving', 'unavailable', 'stopped'])
    .describe('`unavailable`: decisions could not be read; `stopped`: the process is not running'),
  problem: z.string().nullable(),
  project: projectName,
  registry: registryName.nullable().describe('Registry of names without a registry'),
  tls: z.boolean(),
  anonymous: z.boolean().describe('Whether pulls without a token are allowed'),
  undecided: z.enum(['hold', 'allow']).describe('Answer for images that are not decided in time'),
  unavailable: z.enum(['deny', 'allow']).describe('Answer while decisions cannot be read'),
  waiting: count.describe('Pulls that wait for an inspection'),
  transfers: count.describe('Blobs that are being sent'),
  counters: gateCounters.describe('Since the process started'),
  startedAt: timestamp,
  seenAt: timestamp.describe('When the process last reported its state'),
});
export type Gate = z.output<typeof gate>;

export const gateCheck = z.object({
  image: z.string().describe('Reference of the image, pinned to the digest'),
  registry: registryName,
  project: projectName,
  repository: z.string(),
  tag: z.string().nullable(),
  digest: z.string(),
  answer: z
    .enum(gateAnswers)
    .describe('`hold`: not decided yet; a pull waits for its inspection before it is refused'),
  reason: z.string(),
  basis: z
    .enum(['decision', 'quarantine', 'release', 'inspecting', 'unknown'])
    .describe(
      'What the answer is based on; `quarantine`: it is in quarantine; `release`: a person released ' +
        'it in spite of the decision; `unknown`: it was never inspected',
    ),
  verdict: verdictState.nullable().describe('Verdict of the last inspection'),
  policy: z.string().nullable().describe('Policy of the decision, with its version'),
  decision: identifier.nullable().describe('Decision in force'),
  arrival: identifier.nullable().describe('Last arrival of the digest in the repository'),
});
export type GateCheck = z.output<typeof gateCheck>;
