/** The facts without what exceptions accept, for one rule. Pure. */
import { withFindings } from '../facts/build-facts.ts';
import type { PolicyFacts } from '../facts/fact-schema.ts';
import type { ExceptionSet, PolicyException } from './exceptions.ts';

export interface ExceptedFacts {
  readonly facts: PolicyFacts;
  /** The exceptions that removed something, with how much. */
  readonly applied: ReadonlyMap<PolicyException, number>;
}

export function exceptFacts(
  facts: PolicyFacts,
  exceptions: ExceptionSet,
  rule: string,
): ExceptedFacts {
  const applied = new Map<PolicyException, number>();
  if (exceptions.isEmpty) return { facts, applied };
  const isLeft = (exception: PolicyException | undefined): boolean => {
    if (exception !== undefined) applied.set(exception, (applied.get(exception) ?? 0) + 1);
    return exception === undefined;
  };
  const findings = facts.findings.filter((one) => isLeft(exceptions.ofFinding(one, rule)));
  const packages = facts.packages.filter((one) => isLeft(exceptions.ofPackage(one, rule)));
  const special = facts.special.filter((one) => isLeft(exceptions.ofPath(one.path, rule)));
  const files = facts.files?.filter((one) => isLeft(exceptions.ofPath(one.path, rule)));
  if (applied.size === 0) return { facts, applied };
  const left = { ...facts, packages, special, ...(files !== undefined && { files }) };
  return { facts: withFindings(left, findings), applied };
}
