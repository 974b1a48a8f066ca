/** Filters of the job list in the URL. Unknown values are dropped. */
import { type JobSort, jobSorts, type JobState, jobStates } from '@lazaret/protocol';

export interface JobSearch {
  /** States, separated by commas. */
  readonly state?: string;
  readonly engine?: string;
  readonly project?: string;
  readonly tag?: string;
  readonly text?: string;
  readonly sha256?: string;
  readonly submittedBy?: string;
  readonly node?: string;
  /** Sort key and order of the list; newest first unless given. */
  readonly sort?: JobSort;
  readonly order?: 'asc' | 'desc';
}

export interface JobQuery extends Omit<JobSearch, 'state' | 'engine'> {
  readonly state?: JobState[];
  readonly engine?: string[];
}

const plainKeys = ['engine', 'project', 'tag', 'text', 'sha256', 'submittedBy', 'node'] as const;
const digest = /^[0-9a-f]{64}$/;
const valueCharsMax = 200;

export const activeStates: readonly JobState[] = [
  'queued',
  'placed',
  'starting',
  'running',
  'collecting',
];

/** The filter of the list, without its order. */
export type JobFilter = Omit<JobSearch, 'sort' | 'order'>;

export function readJobSearch(raw: Record<string, unknown>): JobSearch {
  const search: Record<string, string> = {};
  const states = statesOf(typeof raw['state'] === 'string' ? raw['state'] : '');
  if (states.length > 0) search['state'] = states.join(',');
  for (const key of plainKeys) {
    const value = raw[key];
    if (typeof value !== 'string' || value === '' || value.length > valueCharsMax) continue;
    if (key === 'sha256' && !digest.test(value)) continue;
    search[key] = value;
  }
  const sort = jobSorts.find((name) => name === raw['sort']);
  if (sort !== undefined) search['sort'] = sort;
  if (raw['order'] === 'asc' || raw['order'] === 'desc') search['order'] = raw['order'];
  return search;
}

export function statesOf(list: string | undefined): JobState[] {
  const requested = new Set((list ?? '').split(','));
  return jobStates.filter((state) => requested.has(state));
}

/** Converts the filters to an API query. */
export function toJobQuery(search: JobSearch): JobQuery {
  const { state, engine, ...rest } = search;
  const states = statesOf(state);
  return {
    ...rest,
    ...(states.length > 0 ? { state: states } : {}),
    ...(engine === undefined ? {} : { engine: engine.split(',') }),
  };
}

/** A SHA-256 searches by content, other text by names and tags. */
export function searchText(typed: string): Pick<JobSearch, 'text' | 'sha256'> {
  const text = typed.trim();
  if (text === '') return {};
  const lower = text.toLowerCase();
  return digest.test(lower) ? { sha256: lower } : { text: text.slice(0, valueCharsMax) };
}

/** The filter for counts and bulk operations. */
export function filterOf({ sort: _sort, order: _order, ...filter }: JobSearch): JobFilter {
  return filter;
}

export function orderOf({ sort, order }: JobSearch): Pick<JobSearch, 'sort' | 'order'> {
  return { ...(sort === undefined ? {} : { sort }), ...(order === undefined ? {} : { order }) };
}

/** A click on a column: sorts by it, and then in reverse. */
export function sortBy(search: JobSearch, by: string): JobSearch {
  const sort = jobSorts.find((name) => name === by) ?? 'createdAt';
  const isSame = (search.sort ?? 'createdAt') === sort;
  const before = search.order ?? 'desc';
  const textual = sort === 'engine' || sort === 'state' || sort === 'submittedBy';
  const first = textual ? 'asc' : 'desc';
  const order = isSame ? (before === 'asc' ? 'desc' : 'asc') : first;
  return { ...search, sort, order };
}
