/** The policy document: what its YAML may contain. */
import {
  actionStates,
  exceptionExpiry,
  exceptionTarget,
  findingClass,
  isAboutSomething,
  missingTarget,
  policyActions,
  policyEffects,
  policyVerdicts,
  ruleStates,
  severity,
  verdictState,
} from '@lazaret/protocol';
import { z } from 'zod';

import { policyLimits } from '../limits.ts';

const { nameChars, textChars, globChars, globs, expressionChars } = policyLimits;

const text = z.string().trim().min(1).max(textChars);
const glob = z.string().min(1).max(globChars);
const globList = z.array(glob).min(1).max(globs);
const expression = z.string().min(1).max(expressionChars);
/** Lower-case words with dashes, as names of Kubernetes objects. */
const identifier = z
  .string()
  .max(nameChars)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'expected lower-case letters, digits and dashes');

const policyAction = z.enum(policyActions);
const policyEffect = z.enum(policyEffects);
const policyVerdict = z.enum(policyVerdicts);
const ruleState = z.enum(ruleStates);
const actionState = z.enum(actionStates);

const perHour = z.number().int().min(1).max(100_000);

const mildAction = z.strictObject({
  dryRun: z.boolean().default(false).describe('Record the decision only'),
  perHour: perHour.optional().describe('How often an hour without approval by a person'),
});
const strictAction = z.strictObject({
  enabled: z.boolean().default(false).describe('Opt-in: without it the action is never taken'),
  dryRun: z.boolean().default(true).describe('Record the decision only; the default'),
  perHour: perHour.default(10).describe('How often an hour without approval by a person'),
});

const actionSettings = z.strictObject({
  report: mildAction.prefault({}),
  notify: mildAction.prefault({}),
  attach: mildAction.prefault({}),
  block: strictAction.prefault({}),
  quarantine: strictAction.prefault({}),
  delete: strictAction.prefault({}),
});
export type ActionSettings = z.output<typeof actionSettings>;

const place = {
  registries: globList
    .optional()
    .describe('Hosts of registries, with their ports, or names of watched registries'),
  repositories: globList.optional().describe('Globs; `!glob` excludes'),
  tags: globList.optional().describe('One of the tags of the image has to match'),
};
const policyScope = z.strictObject(place);
export type PolicyScope = z.output<typeof policyScope>;

const appliesTo = z.strictObject({
  ...place,
  labels: z
    .record(z.string().min(1).max(globChars), glob)
    .optional()
    .describe('Labels of the image with globs for their values; all have to match'),
});
export type AppliesTo = z.output<typeof appliesTo>;

/** Invariants: what must be true of an image. A rule with one matches if it is not. */
export const requirement = z.strictObject({
  file: z
    .strictObject({
      path: glob.describe('Path or glob'),
      exists: z.boolean().default(true),
      mode: z
        .string()
        .regex(/^[0-7]{3,4}$/, 'expected three or four octal digits, such as "0644"')
        .optional(),
      uid: z.number().int().min(0).optional(),
      gid: z.number().int().min(0).optional(),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
        .optional(),
    })
    .optional()
    .describe('A file must exist, or must not, with these properties'),
  package: z
    .strictObject({
      name: glob.describe('Name or glob'),
      type: z.string().max(nameChars).optional().describe('Type as in purl, such as `deb`'),
      installed: z.boolean().optional().describe('Whether it must be installed, or must not be'),
      minVersion: z
        .string()
        .min(1)
        .max(nameChars)
        .optional()
        .describe("If it is installed: at least this version, in the ecosystem's own order"),
    })
    .refine(({ installed, minVersion }) => installed !== undefined || minVersion !== undefined, {
      message: 'expected "installed" or "minVersion"',
    })
    .refine(({ installed, minVersion }) => installed !== false || minVersion === undefined, {
      message: 'a package that must not be installed has no minVersion',
    })
    .optional(),
  users: z
    .strictObject({
      onlyRootHasUid0: z.literal(true).optional(),
      noEmptyPasswords: z.literal(true).optional(),
    })
    .refine((value) => Object.keys(value).length > 0, {
      message: 'expected "onlyRootHasUid0" or "noEmptyPasswords"',
    })
    .optional(),
  findings: z
    .strictObject({
      maxSeverity: severity
        .exclude(['critical'])
        .optional()
        .describe('The worst severity that is allowed; without it no finding is allowed'),
      classes: z.array(findingClass).min(1).optional().describe('All classes if omitted'),
      fixable: z
        .literal(true)
        .optional()
        .describe('Only vulnerabilities for which there is a fixed version'),
    })
    .refine(({ classes, fixable }) => fixable === undefined || classes === undefined, {
      message: '"fixable" is about vulnerabilities, so "classes" cannot be given',
    })
    .optional(),
});
export type Requirement = z.output<typeof requirement>;

export const policyRule = z
  .strictObject({
    id: identifier,
    description: text.optional(),
    severity: severity.default('medium'),
    effect: policyEffect.default('fail'),
    appliesTo: appliesTo.optional(),
    condition: expression.optional().describe('CEL; the rule matches if it is true'),
    require: requirement.optional(),
    message: text.optional().describe('Text with {{ expressions }} in CEL'),
    actions: z.array(policyAction).max(policyActions.length).default(['report']),
    dryRun: z.boolean().default(false).describe('Take no action for this rule, record only'),
  })
  .superRefine(({ condition, require: required }, context) => {
    if ((condition === undefined) !== (required === undefined)) return;
    const message = 'expected either "condition" or "require"';
    context.addIssue({ code: 'custom', message });
  });
export type PolicyRule = z.output<typeof policyRule>;

const exceptionMatch = z.strictObject(exceptionTarget.shape);

const exception = z.strictObject({
  id: z.string().min(1).max(nameChars).optional(),
  reason: text.describe('Why this is accepted'),
  owner: text.describe('Who accepted it'),
  expires: exceptionExpiry.describe('When it ends: a date or time'),
  match: exceptionMatch.refine(isAboutSomething, { message: missingTarget }),
});
export type PolicyExceptionEntry = z.output<typeof exception>;

const vexReference = z.strictObject({
  file: z.string().min(1).max(textChars).describe('Path, relative to the policy'),
  owner: text.describe('Who accepted the document'),
  expires: exceptionExpiry.describe('When its statements have to be reviewed'),
});
export type VexReference = z.output<typeof vexReference>;

const testContext = z.strictObject({
  registry: z.string().max(textChars).optional(),
  repository: z.string().max(textChars).optional(),
  tag: z.string().max(textChars).optional(),
  digest: z.string().max(textChars).optional(),
});

export const policyTest = z
  .strictObject({
    name: text,
    report: z
      .string()
      .max(textChars)
      .optional()
      .describe('Path of a report, relative to this file'),
    facts: z.record(z.string(), z.unknown()).optional().describe('Parts of a report'),
    context: testContext.optional(),
    now: z.iso.datetime().optional(),
    recentActions: z
      .partialRecord(policyAction, z.number().int().min(0))
      .optional()
      .describe('How often each action was taken in the last hour'),
    expect: z.strictObject({
      verdict: policyVerdict.optional(),
      inspection: verdictState.optional().describe('Verdict of the inspection'),
      matched: z.array(identifier).optional().describe('All rules that match'),
      rules: z.record(identifier, ruleState).optional(),
      actions: z
        .partialRecord(policyAction, z.union([actionState, z.literal('none')]))
        .optional()
        .describe('`none` if the action is not decided at all'),
      message: z
        .record(identifier, z.string())
        .optional()
        .describe('Text that the message of a rule contains'),
    }),
  })
  .refine(({ report, facts }) => report === undefined || facts === undefined, {
    message: 'expected "report" or "facts", not both',
  })
  .refine(({ expect }) => Object.keys(expect).some((name) => name !== 'inspection'), {
    path: ['expect'],
    message: 'expected a verdict, rules, matched rules or actions',
  });
export type PolicyTest = z.output<typeof policyTest>;

export const policySchemaName = 'lazaret-policy/1';

export const policyDocument = z.strictObject({
  schema: z.literal(policySchemaName),
  name: identifier,
  description: text.optional(),
  priority: z
    .number()
    .int()
    .min(-policyLimits.priority)
    .max(policyLimits.priority)
    .default(0)
    .describe('Of the policies that apply to an image, the one with the highest decides'),
  appliesTo: policyScope.optional().describe('All images if omitted'),
  actions: actionSettings.prefault({}),
  rules: z.array(policyRule).min(1).max(policyLimits.rules),
  exceptions: z.array(exception).max(policyLimits.exceptions).default([]),
  vex: z.array(vexReference).max(globs).default([]),
  tests: z.array(policyTest).max(policyLimits.testsPerDocument).default([]),
});
export type PolicyDocument = z.output<typeof policyDocument>;

/** Tests in a file of their own, next to a policy. */
export const testDocument = z.strictObject({
  tests: z.array(policyTest).min(1).max(policyLimits.testsPerDocument),
});
