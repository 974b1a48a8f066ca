/** The facts without what exceptions accept, for one rule. Pure. */
import type { Meter } from '../expression/meter.ts';
import { withFindings } from '../facts/build-facts.ts';
import type { PolicyFacts } from '../facts/fact-schema.ts';
import type { ExceptionSet, PolicyException } from './exceptions.ts';

export interface ExceptedFacts {
  readonly facts: PolicyFacts;
  /** The exceptions that removed something, with how much. */
  readonly applied: ReadonlyMap<PolicyException, number>;
}

export interface ExceptedRule {
  readonly id: string;
  /** Only what the rule uses is searched for what exceptions accept. */
  readonly variables: ReadonlySet<string>;
  readonly exceptions: ExceptionSet;
  readonly meter: Meter;
}

/** Throws an error of the meter if exceptions and items are too many. */
export function exceptFacts(facts: PolicyFacts, rule: ExceptedRule): ExceptedFacts {
  const { id, variables, exceptions, meter } = rule;
  const applied = new Map<PolicyException, number>();
  if (exceptions.isEmpty) return { facts, applied };
  const reject = <Item>(
    list: readonly Item[],
    find: (item: Item) => PolicyException | undefined,
  ): Item[] =>
    list.filter((item) => {
      const exception = find(item);
      if (exception !== undefined) applied.set(exception, (applied.get(exception) ?? 0) + 1);
      return exception === undefined;
    });
  const withPath = <Item extends { readonly path: string }>(list: readonly Item[]): Item[] =>
    reject(list, ({ path }) => exceptions.ofPath(path, id, meter));
  const left: PolicyFacts = {
    ...facts,
    ...(variables.has('packages') && {
      packages: reject(facts.packages, (one) => exceptions.ofPackage(one, id, meter)),
    }),
    ...(variables.has('special') && { special: withPath(facts.special) }),
    ...(variables.has('files') && facts.files !== undefined && { files: withPath(facts.files) }),
  };
  const usesFindings = ['findings', 'vulnerabilities', 'verdict'].some((one) => variables.has(one));
  if (!usesFindings) return { facts: left, applied };
  const findings = reject(facts.findings, (one) => exceptions.ofFinding(one, id, meter));
  return { facts: withFindings(left, findings), applied };
}
