/** The search query in the URL. */
import {
  detectSearchTerm,
  limits,
  type SearchGroup,
  searchKinds,
  type SearchKind,
  type SearchTerm,
} from '@lazaret/protocol';

export interface SearchAddress {
  readonly text?: string;
  /** Only this kind, page by page. */
  readonly kind?: string;
}

export function readSearch(raw: Record<string, unknown>): SearchAddress {
  const { text, kind } = raw;
  const known = searchKinds.find((each) => each === kind);
  const isText = typeof text === 'string' && text !== '' && text.length <= limits.searchTextChars;
  return {
    ...(isText ? { text } : {}),
    ...(known === undefined ? {} : { kind: known }),
  };
}

export const kindWords: Readonly<
  Record<SearchKind, { readonly one: string; readonly many: string }>
> = {
  job: { one: 'Job', many: 'Jobs' },
  image: { one: 'Image', many: 'Images' },
  artifact: { one: 'Artifact', many: 'Artifacts' },
  file: { one: 'File in images', many: 'Files in images' },
  package: { one: 'Package', many: 'Packages' },
  finding: { one: 'Finding', many: 'Findings' },
};

const algorithmWords = { sha256: 'SHA-256', sha1: 'SHA-1', md5: 'MD5' } as const;

/** The detected kind of a text, if its format determines it. */
export function describeTerm(text: string): string | undefined {
  const { digest, digestStart, path, purl, advisory }: SearchTerm = detectSearchTerm(text);
  if (digest !== undefined) return algorithmWords[digest.algorithm];
  if (purl !== undefined) return 'package URL';
  if (advisory !== undefined) return 'advisory';
  if (path !== undefined) return 'path prefix';
  return digestStart === undefined ? undefined : 'digest prefix or name';
}

/** `12`, or `1,000+` where more were not counted. */
export function countWords({ count, isMore }: Pick<SearchGroup, 'count' | 'isMore'>): string {
  return `${count.toLocaleString('en')}${isMore ? '+' : ''}`;
}

const infixChars = 3;

/** A note on the rule for short texts, if it applies. */
export function shortTextNote(text: string): string {
  if ([...text.trim()].length >= infixChars) return '';
  return ` Texts of fewer than ${infixChars} characters only match the beginning of a name.`;
}
