/** Which images a script selects. Pure. */
import type { ScriptSettings } from '@lazaret/protocol';

import { createMatcher } from '../registries/index.ts';

export interface SelectableImage {
  readonly names: readonly string[];
  readonly platform: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** A function that says whether an image is selected. */
export function selectImages({
  images,
  labels,
  platforms,
}: ScriptSettings): (image: SelectableImage) => boolean {
  const matcher = createMatcher(images, []);
  return (image) =>
    (images.length === 0 || image.names.some((name) => matcher.matches(repositoryOf(name)))) &&
    labels.every((label) => hasLabel(image.labels, label)) &&
    (platforms.length === 0 || platforms.some((platform) => isPlatform(image.platform, platform)));
}

/** `registry.lab:5000/team/app:1@sha256:...` without tag and digest. */
export function repositoryOf(name: string): string {
  const [named = ''] = name.split('@');
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at < 0) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, at);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(at + 1);
}

/** `linux/arm` selects every variant of it. */
function isPlatform(platform: string | null, wanted: string): boolean {
  return platform === wanted || platform?.startsWith(`${wanted}/`) === true;
}
