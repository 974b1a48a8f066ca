/** Whether a policy, or one of its rules, applies to an image. */
import type { AppliesTo, PolicyScope } from '../document/policy-schema.ts';
import { compileGlob, selectsName } from '../expression/patterns.ts';
import type { PolicyContext, PolicyFacts } from '../facts/fact-schema.ts';

/** What is known of the place of an image without its facts. */
export type PolicyPlace = Pick<
  PolicyContext,
  'registry' | 'registryName' | 'repository' | 'tag' | 'tags'
>;

/** Why a rule does not apply; undefined if it does. */
export function outOfScopeReason(
  appliesTo: AppliesTo | undefined,
  { context, image }: PolicyFacts,
): string | undefined {
  if (appliesTo === undefined) return undefined;
  return (
    outOfPlaceReason(appliesTo, context) ??
    outsideLabels(appliesTo.labels ?? {}, image.config?.labels ?? {})
  );
}

/** The same of the place alone, for which no facts are needed. */
export function outOfPlaceReason(
  scope: PolicyScope | undefined,
  context: PolicyPlace,
): string | undefined {
  if (scope === undefined) return undefined;
  return (
    outside('registry', scope.registries, context.registry, context.registryName) ??
    outside('repository', scope.repositories, context.repository) ??
    outsideTags(scope.tags, tagsOf(context))
  );
}

/** Every tag that the image has, as far as it is known. */
export function tagsOf({ tag, tags = [] }: Pick<PolicyContext, 'tag' | 'tags'>): string[] {
  const all = tag === undefined || tag === '' ? tags : [tag, ...tags];
  return [...new Set(all)];
}

/** One tag that is selected is enough: a rule must not be avoided with another tag. */
function outsideTags(
  globs: readonly string[] | undefined,
  tags: readonly string[],
): string | undefined {
  if (tags.length === 0) return outside('tag', globs, undefined);
  const reasons = tags.map((tag) => outside('tag', globs, tag));
  return reasons.includes(undefined) ? undefined : reasons[0];
}

function outside(
  noun: string,
  globs: readonly string[] | undefined,
  ...names: readonly (string | undefined)[]
): string | undefined {
  if (globs === undefined) return undefined;
  const known = names.filter((name) => name !== undefined && name !== '') as string[];
  const [name] = known;
  if (name === undefined) return `the image has no ${noun} here`;
  return selectsName(globs, ...known) ? undefined : `${noun} ${name} is not selected`;
}

function outsideLabels(
  wanted: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, glob] of Object.entries(wanted)) {
    const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (value === undefined) return `the image has no label ${name}`;
    if (!compileGlob(glob).test(value)) return `label ${name} is not selected`;
  }
  return undefined;
}
