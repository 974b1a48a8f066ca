/**
 * Stored policies with their versions, exceptions, and decisions: what a policy concluded about an
 * image in one place of a registry, at one moment.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, slug, timestamp } from '../core/fields.ts';
import { limits } from '../limits.ts';
import { verdictState } from '../reports/coverage.ts';
import { severity } from '../reports/finding.ts';
import { decisionEffect } from './effect.ts';
import { exceptionExpiry, exceptionTarget } from './exception.ts';
import {
  actionStates,
  decisionActions,
  policyActions,
  policyEffects,
  policyVerdicts,
  ruleStates,
} from './words.ts';

/** As in the document of the policy. */
export const policyName = z
  .string()
  .max(limits.policyNameChars)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'expected lower-case letters, digits and dashes');

const text = z.string().trim().min(1).max(limits.policyTextChars);

export const policySources = ['built-in', 'api', 'file'] as const;
export type PolicySource = (typeof policySources)[number];

const policyFault = z.object({
  line: z.number().int().nullable(),
  column: z.number().int().nullable(),
  message: z.string().describe('What is wrong, and what was expected'),
});
export type StoredPolicyFault = z.output<typeof policyFault>;

export const storedPolicy = z.object({
  name: policyName,
  project: projectName,
  source: z.enum(policySources).describe('`built-in`: ships with Lazaret, until one is applied'),
  version: z
    .number()
    .int()
    .describe('Version in force; 0 for the built-in one, or while no version was valid'),
  sha256: z.string().nullable().describe('Digest of the exact bytes of that version'),
  description: z.string().nullable(),
  priority: z.number().int(),
  appliesTo: z.object({
    registries: z.array(z.string()).nullable(),
    repositories: z.array(z.string()).nullable(),
    tags: z.array(z.string()).nullable(),
  }),
  rules: z.number().int(),
  actions: z.record(z.string(), z.string()).describe('By action: `apply`, `dry-run` or `off`'),
  inForce: z.boolean().describe('False while no version was valid'),
  file: z.string().nullable(),
  problem: z
    .object({ since: timestamp, faults: z.array(policyFault) })
    .nullable()
    .describe('Why the file as it is now is refused; the version above stays in force'),
  changedBy: z.string(),
  changedAt: timestamp.nullable(),
});
export type StoredPolicy = z.output<typeof storedPolicy>;

export const storedPolicyDetail = storedPolicy.extend({
  document: z.string().describe('The document, byte for byte'),
});
export type StoredPolicyDetail = z.output<typeof storedPolicyDetail>;

export const policyVersion = z.object({
  version: z.number().int(),
  sha256: z.string(),
  bytes: z.number().int(),
  inForce: z.boolean(),
  createdBy: z.string(),
  createdAt: timestamp,
});
export type PolicyVersion = z.output<typeof policyVersion>;

/** What checking a document finds; nothing is stored. */
export const policyCheck = z.object({
  valid: z.boolean(),
  name: policyName.nullable().describe('Name in the document; null while it is not valid'),
  description: z.string().nullable(),
  rules: z.number().int(),
  tests: z.number().int().describe('Test cases in the document'),
  faults: z.array(policyFault).describe('Why it cannot be applied'),
  warnings: z.array(policyFault).describe('What is allowed, but probably not meant'),
});
export type PolicyCheck = z.output<typeof policyCheck>;

/** One test case of a policy with what the policy decides. */
export const policyTestResult = z.object({
  name: z.string(),
  passed: z.boolean(),
  problems: z.array(z.string()).describe('Why the test did not run'),
  differences: z
    .array(
      z.object({
        what: z.string().describe('Such as `verdict`, `rules.ID` or `actions.quarantine`'),
        expected: z.string(),
        actual: z.string(),
        reason: z.string().nullable(),
      }),
    )
    .describe('Expectations that do not hold'),
  decided: z
    .object({
      inspection: verdictState.describe('Verdict of the inspection in the test case'),
      verdict: z.enum(policyVerdicts),
      reasons: z.array(z.string()),
      rules: z
        .array(
          z.object({
            id: z.string(),
            state: z.enum(ruleStates),
            message: z.string().nullable(),
            reason: z.string().nullable(),
          }),
        )
        .describe('Rules that matched, were excepted or are in error'),
      actions: z.array(
        z.object({
          action: z.enum(policyActions),
          state: z.enum(actionStates),
          reason: z.string().nullable(),
        }),
      ),
    })
    .nullable()
    .describe('What the policy decides; null if the test did not run'),
});
export type PolicyTestResult = z.output<typeof policyTestResult>;

export const policyTestRun = z.object({
  name: policyName,
  passed: z.number().int(),
  failed: z.number().int(),
  tests: z.array(policyTestResult),
});
export type PolicyTestRun = z.output<typeof policyTestRun>;

export const exceptionStates = ['in-force', 'expired', 'removed'] as const;
export type ExceptionState = (typeof exceptionStates)[number];

export const policyException = z.object({
  id: identifier,
  project: projectName,
  state: z.enum(exceptionStates),
  match: exceptionTarget,
  reason: z.string(),
  owner: z.string().describe('Who accepted it'),
  expires: timestamp,
  source: z.string().describe('`manual`, or the name of an imported VEX document'),
  createdBy: z.string(),
  createdAt: timestamp,
  removedBy: z.string().nullable(),
  removedAt: timestamp.nullable(),
});
export type StoredException = z.output<typeof policyException>;

export const addedException = policyException.extend({
  warnings: z.array(z.string()).describe('What is accepted, but probably not meant'),
});
export type AddedException = z.output<typeof addedException>;

export const exceptionRequest = exceptionTarget.extend({
  project: projectName.optional().describe('Project of the exception'),
  reason: text.describe('Why this is accepted'),
  owner: text.optional().describe('Who accepted it (default: the caller)'),
  expires: exceptionExpiry.describe('When it ends: a date or time'),
});

export const vexQuery = z.object({
  project: projectName.optional().describe('Project of the exceptions'),
  name: slug.describe('Name of the document; importing it again replaces its exceptions'),
  owner: text.optional().describe('Who accepted the document (default: the caller)'),
  expires: exceptionExpiry.describe('When its statements have to be reviewed'),
});

export const vexImportResult = z.object({
  name: z.string(),
  added: z.number().int(),
  replaced: z.number().int().describe('Exceptions of the earlier import of the document'),
  notes: z.array(z.string()).describe('Statements that do not become exceptions, with the reason'),
});

/** Why it was decided. */
export const decisionTriggers = [
  ...(['arrival', 'policy', 'exception', 'expiry', 'inspection', 'person'] as const),
] as const;
export type DecisionTrigger = (typeof decisionTriggers)[number];

/** One action that a matched rule calls for. */
export const decidedAction = z.object({
  action: z.enum(policyActions),
  state: z
    .enum(actionStates)
    .describe('`apply`, `dry-run`: only recorded, `withheld`: not allowed, for the reason given'),
  reason: z.string().nullable(),
  rules: z.array(z.string()).describe('Rules that call for it'),
  perHour: z
    .number()
    .int()
    .nullable()
    .describe('How often an hour without approval by a person; null: without a limit'),
});
export type DecidedAction = z.output<typeof decidedAction>;

export const decidedRule = z.object({
  id: z.string(),
  severity,
  effect: z.enum(policyEffects),
  state: z.enum(ruleStates),
  message: z.string().nullable(),
  reason: z.string().nullable().describe('Why it is excepted or in error'),
  image: z.string().nullable().describe('Digest of the image, if the decision is about several'),
  evidence: z
    .array(z.object({ from: z.string(), total: z.number().int(), items: z.array(z.unknown()) }))
    .describe('What it matched: findings, packages, files; the first ones'),
});
export type DecidedRule = z.output<typeof decidedRule>;

export const usedException = z.object({
  id: z.string(),
  rule: z.string(),
  owner: z.string(),
  reason: z.string(),
  expires: z.string(),
  source: z.string(),
});
export type UsedException = z.output<typeof usedException>;

/** What was looked at. */
export const judgedImage = z.object({
  digest: z.string(),
  platform: z.string().nullable(),
  inspection: z.string(),
  inspectedAt: timestamp,
  fingerprint: z.string().describe('Digest of the report without its timestamps'),
  inspected: verdictState.describe('Verdict of the inspection'),
  verdict: z.enum(policyVerdicts),
  action: z.enum(decisionActions),
});
export type JudgedImage = z.output<typeof judgedImage>;

export const decision = z.object({
  id: identifier,
  project: projectName,
  registry: slug,
  repository: z.string(),
  tags: z.array(z.string()).describe('Tags of the digest at that moment'),
  digest: z.string(),
  arrival: identifier.describe('The latest arrival of the digest in the repository'),
  trigger: z.enum(decisionTriggers),
  policy: policyName,
  policyVersion: z.number().int(),
  policySha256: z.string(),
  inspected: verdictState.nullable().describe('Worst verdict of the inspections; null without any'),
  verdict: z.enum(policyVerdicts),
  action: z.enum(decisionActions).describe('The strictest action that is applied'),
  actions: z.array(decidedAction).describe('All that rules call for, the mildest first'),
  reasons: z.array(z.string()),
  approvedBy: z.string().describe('`policy`, or the person who approved'),
  causedBy: z.string().describe('Who or what caused the evaluation'),
  inForce: z.boolean().describe('Whether it is the newest for this digest in the repository'),
  effect: decisionEffect
    .nullable()
    .describe('Effect of the action in the registry; null if it changes nothing there'),
  previous: identifier.nullable().describe('The decision that it replaces'),
  decidedAt: timestamp,
});
export type Decision = z.output<typeof decision>;

export const decisionDetail = decision.extend({
  images: z.array(judgedImage).describe('Images that were judged; several for an index'),
  rules: z.array(decidedRule).describe('Rules that matched, were excepted or failed'),
  exceptions: z.array(usedException),
});
export type DecisionDetail = z.output<typeof decisionDetail>;

export const rejudgeStates = ['idle', 'running', 'paused'] as const;

export const rejudgeStatus = z.object({
  project: projectName,
  state: z.enum(rejudgeStates),
  cause: z.string().describe('What changed, such as `policy app version 3`'),
  causedBy: z.string(),
  total: z.number().int(),
  judged: z.number().int(),
  changed: z.number().int().describe('Images whose decision changed'),
  skipped: z.number().int().describe('Images whose report was removed'),
  requestedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
});
export type RejudgeStatus = z.output<typeof rejudgeStatus>;

/** One image about which a policy would decide differently. */
export const previewedChange = z.object({
  registry: slug,
  repository: z.string(),
  tags: z.array(z.string()),
  digest: z.string(),
  before: z.object({ verdict: z.enum(policyVerdicts), action: z.enum(decisionActions) }),
  after: z.object({
    verdict: z.enum(policyVerdicts),
    action: z.enum(decisionActions),
    policy: policyName,
    reasons: z.array(z.string()),
  }),
});
export type PreviewedChange = z.output<typeof previewedChange>;

export const rejudgePreview = z.object({
  project: projectName,
  judged: z.number().int(),
  skipped: z.number().int().describe('Images whose report was removed'),
  total: z.number().int().describe('Images with a decision in the project'),
  changed: z.number().int().describe('Images whose verdict or action would differ'),
  reasonsOnly: z
    .number()
    .int()
    .describe('Images with the same verdict and action, for other reasons or by another policy'),
  counts: z
    .array(z.object({ before: z.string(), after: z.string(), images: z.number().int() }))
    .describe('By verdict and action, such as `pass none` to `fail block`'),
  verdicts: z
    .array(
      z.object({
        verdict: z.enum(policyVerdicts),
        before: z.number().int(),
        after: z.number().int(),
      }),
    )
    .describe('All judged images by verdict, also those that do not change'),
  actions: z
    .array(
      z.object({
        action: z.enum(decisionActions),
        before: z.number().int(),
        after: z.number().int(),
      }),
    )
    .describe('All judged images by action, likewise'),
  changes: z.array(previewedChange).describe('The first ones, the newest image first'),
});
export type RejudgePreview = z.output<typeof rejudgePreview>;

const listedException = usedException.omit({ rule: true });

/** A rule as it evaluates now, with what it looked at. */
const explainedRule = decidedRule.omit({ image: true }).extend({
  condition: z.string(),
  clauses: z
    .array(
      z.object({
        text: z.string(),
        value: z.string().describe('As JSON, or `error: ` and why it has none'),
        isOperand: z.boolean().describe('Whether it is a value inside the clause before it'),
      }),
    )
    .describe('Parts of the condition with their values'),
  exceptions: z.array(
    listedException.extend({
      items: z.number().int().describe('What it accepts; 0 if it accepts the whole rule'),
    }),
  ),
  actions: z.array(decidedAction.pick({ action: true, state: true, reason: true })),
});
export type ExplainedRule = z.output<typeof explainedRule>;

/** A decision in force, and every rule as it evaluates now. */
export const decisionExplanation = z.object({
  decision,
  images: z.array(
    z.object({
      digest: z.string(),
      platform: z.string().nullable(),
      policy: policyName.describe('The policy that applies now'),
      inspected: verdictState.describe('Verdict of the inspection'),
      verdict: z.enum(policyVerdicts),
      reasons: z.array(z.string()),
      actions: z.array(decidedAction.omit({ perHour: true })),
      rules: z.array(explainedRule),
      expired: z.array(listedException).describe('Exceptions that no longer apply'),
      unused: z
        .array(listedException)
        .describe('Exceptions of the policy that accept nothing in this image'),
    }),
  ),
});
export type DecisionExplanation = z.output<typeof decisionExplanation>;
