/** The search in the URL, and as an API query. */
import { limits } from '@lazaret/protocol';

export const searchKinds = ['hash', 'path', 'package', 'rule'] as const;
export type SearchKind = (typeof searchKinds)[number];

export interface SearchAddress {
  readonly by?: string;
  readonly text?: string;
}

export type SearchQuery = Partial<
  Record<'sha256' | 'sha1' | 'md5' | 'path' | 'package' | 'rule', string>
>;

export function readSearch(raw: Record<string, unknown>): SearchAddress {
  const { by, text } = raw;
  const kind = searchKinds.find((known) => known === by);
  return {
    ...(kind === undefined ? {} : { by: kind }),
    ...(typeof text === 'string' && text !== '' && text.length <= limits.pathBytes ? { text } : {}),
  };
}

const digestNames = new Map([
  [64, 'sha256'],
  [40, 'sha1'],
  [32, 'md5'],
] as const);

/** Undefined if the text is not valid for the type, such as a hash of unknown length. */
export function toSearchQuery(by: SearchKind, text: string): SearchQuery | undefined {
  const value = text.trim();
  if (value === '') return undefined;
  if (by !== 'hash') return { [by]: by === 'path' ? value.replace(/^\/+/, '') : value };
  const hex = value.toLowerCase().replace(/^(sha256|sha1|md5):/, '');
  const name = /^[0-9a-f]+$/.test(hex) ? digestNames.get(hex.length as 64) : undefined;
  return name === undefined ? undefined : { [name]: hex };
}

/** Detects the type of the text; undefined if ambiguous. */
export function guessKind(text: string): SearchKind | undefined {
  const value = text.trim();
  if (toSearchQuery('hash', value) !== undefined) return 'hash';
  if (value.startsWith('pkg:')) return 'package';
  if (/^(CVE-\d|GHSA-)/i.test(value)) return 'rule';
  return value.startsWith('/') ? 'path' : undefined;
}
