/** The compared images in the URL. */
import { digest } from '@lazaret/protocol';

export interface CompareSearch {
  readonly project?: string;
  readonly before?: string;
  readonly after?: string;
  /** `yes`: compare files. */
  readonly files?: string;
}

const projectCharsMax = 64;

export function readCompareSearch(raw: Record<string, unknown>): CompareSearch {
  const search: Record<string, string> = {};
  for (const key of ['before', 'after']) {
    const value = digest.safeParse(raw[key]);
    if (value.success) search[key] = value.data;
  }
  const { project, files } = raw;
  if (typeof project === 'string' && project !== '' && project.length <= projectCharsMax) {
    search['project'] = project;
  }
  if (files === 'yes') search['files'] = files;
  return search;
}
