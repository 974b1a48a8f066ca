/** What the page of a registry shows, in the URL. */
export interface RegistrySearch {
  readonly project?: string;
  /** The repository whose tags and history are shown. */
  readonly repository?: string;
  /** Part of the names of repositories or tags. */
  readonly text?: string;
}

const valueCharsMax = 300;

export function readRegistrySearch(raw: Record<string, unknown>): RegistrySearch {
  const search: Record<string, string> = {};
  for (const key of ['project', 'repository', 'text'] as const) {
    const value = raw[key];
    if (typeof value === 'string' && value !== '' && value.length <= valueCharsMax)
      search[key] = value;
  }
  return search;
}
