/** Dependencies of components, by the names in the metadata of packages. */
import type { Component } from './components.ts';

/** The end of a name in `libc6 (>= 2.36)`, `so:libz.so.1=1`, `requests[socks]>=2; extra`. */
const nameEnd = /[\s(<>=!~;[|,]/;

/**
 * References by reference, both ends in the list. A name that matches several components, or
 * none, is skipped: the graph may be incomplete, but is never wrong.
 */
export function resolveDependencies(
  components: readonly Component[],
): ReadonlyMap<string, readonly string[]> {
  const visible = components.filter((component) => component.visible);
  const byName = new Map<string, Component | undefined>();
  for (const component of visible) {
    const key = nameKey(component, component.name);
    byName.set(key, byName.has(key) ? undefined : component);
  }
  const graph = new Map<string, readonly string[]>();
  for (const component of visible) {
    const needed = new Set<string>();
    for (const text of component.places.flatMap(({ dependsOn }) => dependsOn ?? [])) {
      const found =
        byName.get(nameKey(component, text)) ??
        byName.get(nameKey(component, text.trimStart().split(nameEnd, 1)[0] ?? ''));
      if (found !== undefined && found !== component) needed.add(found.ref);
    }
    if (needed.size > 0) graph.set(component.ref, [...needed]);
  }
  return graph;
}

function nameKey({ places: [{ type }] }: Component, name: string): string {
  // PyPI and NuGet ignore case, and PyPI treats - _ . as equal (PEP 503)
  const text = type === 'pypi' ? name.replaceAll(/[-_.]+/g, '-') : name;
  return `${type}\0${type === 'pypi' || type === 'nuget' ? text.toLowerCase() : text}`;
}
