/**
 * The text of a policy to a policy that can be evaluated, or to every fault with its position.
 * Everything is checked here: the fields, the types of all expressions, and that what the document
 * refers to exists.
 */

import { suggest } from '../expression/suggest.ts';
import { compileExpression, type CompiledExpression } from '../expression/compile-expression.ts';
import type { ExpressionFault } from '../expression/expression-fault.ts';
import { policyLimits } from '../limits.ts';
import { compileMessage, type MessageTemplate } from './compile-message.ts';
import { compileRequirement } from './compile-requirement.ts';
import { describeIssue } from './describe-issue.ts';
import type { Path, PolicyFault } from './policy-fault.ts';
import { policyDocument, policyRule, testDocument } from './policy-schema.ts';
import type { PolicyDocument, PolicyRule, PolicyTest } from './policy-schema.ts';
import { findWarnings } from './policy-warnings.ts';
import { readYaml, type YamlDocument } from './read-yaml.ts';
import type { z } from 'zod';

export interface CompiledRule extends PolicyRule {
  readonly compiled: CompiledExpression;
  readonly template: MessageTemplate | undefined;
}

/** A policy whose document was checked. */
export interface Policy extends Omit<PolicyDocument, 'rules'> {
  readonly rules: readonly CompiledRule[];
  /** What is allowed, but probably not meant. */
  readonly warnings: readonly PolicyFault[];
}

export type PolicyResult =
  | { readonly policy: Policy; readonly faults?: undefined }
  | { readonly policy?: undefined; readonly faults: readonly PolicyFault[] };

export function parsePolicy(text: string): PolicyResult {
  const read = readDocument(text, policyDocument);
  if (read.faults !== undefined) {
    // expressions are checked too, so that one run shows every fault
    const more = read.yaml === undefined ? [] : findFaultsOfRules(read.yaml);
    return { faults: limited([...read.faults, ...more]) };
  }
  const { yaml, value } = read;
  const faults: PolicyFault[] = [];
  const rules = value.rules.flatMap((rule, index) => {
    const compiled = compileRule(rule, { yaml, path: ['rules', index], faults });
    return compiled === undefined ? [] : [compiled];
  });
  faults.push(...findDuplicates(value, yaml), ...findUnknownRules(value, yaml));
  if (faults.length > 0) return { faults: limited(faults) };
  return { policy: { ...value, rules, warnings: findWarnings(value, yaml) } };
}

export type TestsResult =
  | { readonly tests: readonly PolicyTest[]; readonly faults?: undefined }
  | { readonly tests?: undefined; readonly faults: readonly PolicyFault[] };

/** A file with tests of a policy; their rules have to exist in it. */
export function parseTests(text: string, policy: Pick<Policy, 'rules'>): TestsResult {
  const read = readDocument(text, testDocument);
  if (read.faults !== undefined) return { faults: limited(read.faults) };
  const { tests } = read.value;
  const faults = findUnknownRules({ rules: policy.rules, exceptions: [], tests }, read.yaml);
  return faults.length > 0 ? { faults: limited(faults) } : { tests };
}

type ReadResult<Output> =
  | { readonly yaml: YamlDocument; readonly value: Output; readonly faults?: undefined }
  | { readonly faults: readonly PolicyFault[]; readonly yaml?: YamlDocument };

function readDocument<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): ReadResult<z.output<Schema>> {
  const { document: yaml, fault } = readYaml(text);
  if (yaml === undefined) return { faults: [fault] };
  const parsed = schema.safeParse(yaml.value);
  if (parsed.success) return { yaml, value: parsed.data };
  const faults = parsed.error.issues.flatMap((issue) => describeIssue(issue, yaml, schema));
  // misspelled fields first: the fields that are missing are often theirs
  const ordered = faults.toSorted((a, b) => Number(isUnknown(b)) - Number(isUnknown(a)));
  return { faults: ordered, yaml };
}

function isUnknown({ message }: PolicyFault): boolean {
  return message.startsWith('unknown field');
}

function limited(faults: readonly PolicyFault[]): readonly PolicyFault[] {
  return faults.slice(0, policyLimits.faultsListed);
}

/** Faults of the rules of a document whose fields have faults, as far as they can be read. */
function findFaultsOfRules(yaml: YamlDocument): readonly PolicyFault[] {
  const { value } = yaml;
  const rules = isRecord(value) && Array.isArray(value['rules']) ? value['rules'] : [];
  const faults: PolicyFault[] = [];
  const seen = new Set<unknown>();
  for (const [index, given] of rules.slice(0, policyLimits.rules).entries()) {
    if (!isRecord(given)) continue;
    const path = ['rules', index];
    const { condition, message, id } = given;
    if (typeof id === 'string' && seen.has(id)) faults.push(duplicateFault(yaml, path, id));
    seen.add(id);
    const read = policyRule.safeParse(given);
    if (read.success) checkRule(read.data, { yaml, path, faults });
    else if (typeof condition === 'string') {
      const text = typeof message === 'string' ? { message } : {};
      checkRule({ condition, ...text }, { yaml, path, faults });
    }
  }
  return faults;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface RuleContext {
  readonly yaml: YamlDocument;
  readonly path: Path;
  readonly faults: PolicyFault[];
}

function compileRule(rule: PolicyRule, context: RuleContext): CompiledRule | undefined {
  const checked = checkRule(rule, context);
  return checked === undefined ? undefined : { ...rule, ...checked };
}

/** The expressions of a rule; undefined after faults, which are added to the context. */
function checkRule(
  rule: Pick<PolicyRule, 'condition' | 'require' | 'message'>,
  { yaml, path, faults }: RuleContext,
): Pick<CompiledRule, 'compiled' | 'template'> | undefined {
  const { condition, require: required } = rule;
  const text = condition ?? (required === undefined ? '' : compileRequirement(required));
  const { expression, faults: found } = compileExpression(text, { expected: [{ kind: 'bool' }] });
  if (expression === undefined) {
    const field = condition === undefined ? 'require' : 'condition';
    faults.push(...located(yaml, [...path, field], found));
    return undefined;
  }
  if (rule.message === undefined) return { compiled: expression, template: undefined };
  const message = compileMessage(rule.message, expression);
  if (message.template === undefined) {
    faults.push(...located(yaml, [...path, 'message'], message.faults));
    return undefined;
  }
  return { compiled: expression, template: message.template };
}

function located(
  yaml: YamlDocument,
  path: Path,
  faults: readonly ExpressionFault[],
): PolicyFault[] {
  return faults.map(({ offset, message }) => yaml.faultInText(path, offset, message));
}

function findDuplicates({ rules }: PolicyDocument, yaml: YamlDocument): PolicyFault[] {
  const seen = new Set<string>();
  return rules.flatMap(({ id }, index) => {
    const isKnown = seen.has(id);
    seen.add(id);
    return isKnown ? [duplicateFault(yaml, ['rules', index], id)] : [];
  });
}

function duplicateFault(yaml: YamlDocument, path: Path, id: string): PolicyFault {
  return yaml.fault([...path, 'id'], `two rules have the ID "${id}"`);
}

type Referring = Pick<PolicyDocument, 'exceptions' | 'tests'> & {
  readonly rules: readonly { readonly id: string }[];
};

/**
 * Rules that exceptions and tests name have to exist. Only as many as are listed get the nearest
 * name, whose search takes long for thousands.
 */
function findUnknownRules(document: Referring, yaml: YamlDocument): PolicyFault[] {
  const known = new Set(document.rules.map(({ id }) => id));
  const unknown = listReferences(document).filter(({ id }) => !known.has(id));
  return unknown
    .slice(0, policyLimits.faultsListed)
    .map(({ id, path }) => yaml.fault(path, `unknown rule "${id}"; ${suggest(id, [...known])}`));
}

interface RuleReference {
  readonly id: string;
  readonly path: Path;
}

function listReferences({ exceptions, tests }: Referring): RuleReference[] {
  return [
    ...exceptions.flatMap(({ match }, index) =>
      match.rule === undefined
        ? []
        : [{ id: match.rule, path: ['exceptions', index, 'match', 'rule'] }],
    ),
    ...tests.flatMap(({ expect }, index) => {
      const path = ['tests', index, 'expect'];
      const named = (field: 'rules' | 'message'): RuleReference[] =>
        Object.keys(expect[field] ?? {}).map((id) => ({ id, path: [...path, field, id] }));
      return [
        ...(expect.matched ?? []).map((id, at) => ({ id, path: [...path, 'matched', at] })),
        ...named('rules'),
        ...named('message'),
      ];
    }),
  ];
}
