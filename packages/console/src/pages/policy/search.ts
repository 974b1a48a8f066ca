/** What the page of a policy shows, in the URL. */
export interface PolicySearch {
  readonly project?: string;
  /** An earlier version, in place of the one in force. */
  readonly version?: string;
}

const valueCharsMax = 300;

export function readPolicySearch(raw: Record<string, unknown>): PolicySearch {
  const { project, version } = raw;
  return {
    ...(typeof project === 'string' && project.length <= valueCharsMax && project !== ''
      ? { project }
      : {}),
    ...(typeof version === 'string' && /^[1-9]\d{0,8}$/.test(version) ? { version } : {}),
  };
}
