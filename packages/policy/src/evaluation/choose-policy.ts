/** Which policy decides about an image, and which facts it needs. Pure. */
import type { Policy } from '../document/parse-policy.ts';
import type { PolicyFacts } from '../facts/fact-schema.ts';
import { outOfPlaceReason, type PolicyPlace } from './rule-scope.ts';

/** Exactly one policy decides: the one with the highest priority, then the first by name. */
export function choosePolicy<Item extends { readonly policy: Policy }>(
  policies: readonly Item[],
  place: PolicyPlace,
): Item | undefined {
  return sortPolicies(policies).find(
    ({ policy }) => outOfPlaceReason(policy.appliesTo, place) === undefined,
  );
}

/** In the order in which they are tried. */
export function sortPolicies<Item extends { readonly policy: Policy }>(
  policies: readonly Item[],
): Item[] {
  return policies.toSorted(
    ({ policy: one }, { policy: other }) =>
      other.priority - one.priority || compareNames(one.name, other.name),
  );
}

function compareNames(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

const everywhere: readonly (keyof PolicyFacts)[] = ['findings', 'vulnerabilities', 'verdict'];

/**
 * The variables that an evaluation reads; the others may be absent from the facts. Findings are
 * always read, because they decide the verdict.
 */
export function variablesOf(policy: Policy): ReadonlySet<string> {
  const names = policy.rules.flatMap(({ compiled, template }) => [
    ...compiled.variables,
    ...(template?.parts ?? []).flatMap((part) =>
      typeof part === 'string' ? [] : [...part.variables],
    ),
  ]);
  return new Set([...everywhere, ...names]);
}
