/** Filters of the list of policies in the URL. Unknown values are dropped. */
import { type PolicySource, policySources, type StoredPolicy } from '@lazaret/protocol';

export interface PoliciesSearch {
  readonly source?: string;
  /** Part of a name. */
  readonly text?: string;
  readonly project?: string;
}

const valueCharsMax = 300;

/** The value of the filter for policies whose file is refused. */
export const refusedFilter = 'refused';

export function readPoliciesSearch(raw: Record<string, unknown>): PoliciesSearch {
  const search: Record<string, string> = {};
  const sources: readonly string[] = [...policySources, refusedFilter];
  const source = sources.find((one) => one === raw['source']);
  if (source !== undefined) search['source'] = source;
  for (const key of ['text', 'project'] as const) {
    const value = raw[key];
    if (typeof value === 'string' && value !== '' && value.length <= valueCharsMax)
      search[key] = value;
  }
  return search;
}

/** Whether a policy is shown; the project is filtered by the API. */
export function matchesPolicy(
  policy: StoredPolicy,
  { source, text = '' }: PoliciesSearch,
): boolean {
  if (source === refusedFilter && policy.problem === null) return false;
  const isSource = policySources.some((one) => one === source);
  if (isSource && policy.source !== (source as PolicySource)) return false;
  return `${policy.name} ${policy.description ?? ''}`.toLowerCase().includes(text.toLowerCase());
}
