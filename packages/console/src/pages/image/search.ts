/** State of the image page in the URL. Unknown values are dropped. */
import { findingClass, limits, packageType, severity } from '@lazaret/protocol';

export const imageTabs = [
  'findings',
  'packages',
  'files',
  'layers',
  'accounts',
  'configuration',
  'coverage',
  'raw',
] as const;
export type ImageTab = (typeof imageTabs)[number];

export const fileViews = ['merged', 'layer', 'hidden'] as const;
export type FileView = (typeof fileViews)[number];

export interface ImageSearch {
  readonly project?: string;
  readonly tab?: string;
  /** Part of a package's name. */
  readonly text?: string;
  /** Types of packages, separated by commas. */
  readonly type?: string;
  /** `yes`: include packages removed by later layers. */
  readonly hidden?: string;
  readonly severity?: string;
  readonly class?: string;
  readonly scanner?: string;
  readonly view?: string;
  /** Index of a layer. */
  readonly layer?: string;
  /** The selected file, or the file of the selected finding. */
  readonly path?: string;
  /** The rule of the selected finding. */
  readonly rule?: string;
}

const valueCharsMax = 200;
const layerIndex = /^\d{1,4}$/;

export function readImageSearch(raw: Record<string, unknown>): ImageSearch {
  const search: Record<string, string> = {};
  const set = (key: keyof ImageSearch, value: string | undefined): void => {
    if (value !== undefined && value !== '') search[key] = value;
  };
  const textOf = (key: keyof ImageSearch, charsMax = valueCharsMax): string | undefined => {
    const value = raw[key];
    return typeof value === 'string' && value.length <= charsMax ? value : undefined;
  };
  const oneOf = (key: keyof ImageSearch, known: readonly string[]): string | undefined =>
    known.find((value) => value === raw[key]);
  const someOf = (key: keyof ImageSearch, known: readonly string[]): string | undefined => {
    const requested = new Set((textOf(key) ?? '').split(','));
    return known.filter((value) => requested.has(value)).join(',');
  };
  for (const key of ['project', 'text', 'scanner'] as const) set(key, textOf(key));
  set('rule', textOf('rule', limits.packageNameChars));
  set('path', textOf('path', limits.pathBytes));
  set('tab', oneOf('tab', imageTabs));
  set('view', oneOf('view', fileViews));
  set('hidden', oneOf('hidden', ['yes']));
  set('type', someOf('type', packageType.options));
  set('severity', someOf('severity', severity.options));
  set('class', someOf('class', findingClass.options));
  const layer = textOf('layer');
  if (layer !== undefined && layerIndex.test(layer)) set('layer', layer);
  return search;
}

/** The known values of a comma-separated list. */
export function listOf<T extends string>(list: string | undefined, known: readonly T[]): T[] {
  const requested = new Set((list ?? '').split(','));
  return known.filter((value) => requested.has(value));
}
