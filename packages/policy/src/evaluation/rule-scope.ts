/** Whether a rule applies to an image. */
import type { AppliesTo } from '../document/policy-schema.ts';
import { compileGlob, selectsName } from '../expression/patterns.ts';
import type { PolicyFacts } from '../facts/fact-schema.ts';

/** Why a rule does not apply; undefined if it does. */
export function outOfScopeReason(
  appliesTo: AppliesTo | undefined,
  { context, image }: PolicyFacts,
): string | undefined {
  if (appliesTo === undefined) return undefined;
  const { registries, repositories, tags, labels = {} } = appliesTo;
  return (
    outside('registry', registries, context.registry) ??
    outside('repository', repositories, context.repository) ??
    outside('tag', tags, context.tag) ??
    outsideLabels(labels, image.config?.labels ?? {})
  );
}

function outside(
  noun: string,
  globs: readonly string[] | undefined,
  name: string | undefined,
): string | undefined {
  if (globs === undefined) return undefined;
  if (name === undefined || name === '') return `the image has no ${noun} here`;
  return selectsName(globs, name) ? undefined : `${noun} ${name} is not selected`;
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
