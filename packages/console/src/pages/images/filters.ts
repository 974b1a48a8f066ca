/** Filters of the image list in the URL. Unknown values are dropped. */
import { type VerdictState, verdictState } from '@lazaret/protocol';

export interface ImagesSearch {
  readonly text?: string;
  /** Verdicts, separated by commas. */
  readonly verdict?: string;
  readonly project?: string;
}

export interface ImagesQuery {
  readonly text?: string;
  readonly verdict?: VerdictState[];
  readonly project?: string;
}

const valueCharsMax = 200;

export function readImagesSearch(raw: Record<string, unknown>): ImagesSearch {
  const search: Record<string, string> = {};
  const verdicts = verdictsOf(typeof raw['verdict'] === 'string' ? raw['verdict'] : '');
  if (verdicts.length > 0) search['verdict'] = verdicts.join(',');
  for (const key of ['text', 'project']) {
    const value = raw[key];
    if (typeof value !== 'string' || value === '' || value.length > valueCharsMax) continue;
    search[key] = value;
  }
  return search;
}

/** Converts the filters to an API query. */
export function toImagesQuery({ verdict, ...rest }: ImagesSearch): ImagesQuery {
  const verdicts = verdictsOf(verdict ?? '');
  return { ...rest, ...(verdicts.length > 0 ? { verdict: verdicts } : {}) };
}

function verdictsOf(list: string): VerdictState[] {
  const requested = new Set(list.split(','));
  return verdictState.options.filter((state) => requested.has(state));
}
