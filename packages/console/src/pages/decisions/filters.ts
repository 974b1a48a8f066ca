/** Filters of the list of decisions in the URL. Unknown values are dropped. */
import { policyVerdicts, type PolicyVerdict } from '@lazaret/protocol';

export interface DecisionsSearch {
  readonly verdict?: string;
  readonly registry?: string;
  readonly repository?: string;
  readonly digest?: string;
  readonly project?: string;
}

export interface DecisionsQuery extends Omit<DecisionsSearch, 'verdict'> {
  readonly verdict?: PolicyVerdict[];
}

const valueCharsMax = 300;
const digestForm = /^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;

export function readDecisionsSearch(raw: Record<string, unknown>): DecisionsSearch {
  const search: Record<string, string> = {};
  const verdict = policyVerdicts.find((one) => one === raw['verdict']);
  if (verdict !== undefined) search['verdict'] = verdict;
  for (const key of ['registry', 'repository', 'project'] as const) {
    const value = raw[key];
    if (typeof value === 'string' && value !== '' && value.length <= valueCharsMax)
      search[key] = value;
  }
  const { digest } = raw;
  if (typeof digest === 'string' && digestForm.test(digest)) search['digest'] = digest;
  return search;
}

/** Converts the filters to an API query. */
export function toDecisionsQuery({ verdict, ...rest }: DecisionsSearch): DecisionsQuery {
  const verdicts = policyVerdicts.filter((one) => one === verdict);
  return { ...rest, ...(verdicts.length > 0 && { verdict: verdicts }) };
}
