/** Indicators: what a lookup is about, written as a digest or as the purl of a package. */
import { detectSearchTerm, type DigestAlgorithm } from '../search/term.ts';

export type Indicator =
  | {
      readonly kind: 'digest';
      readonly text: string;
      readonly algorithm: DigestAlgorithm;
      /** In lower case. */
      readonly hex: string;
    }
  | { readonly kind: 'package'; readonly text: string; readonly purl: string };

/** Undefined for any other text. */
export function parseIndicator(written: string): Indicator | undefined {
  const { text, digest, purl } = detectSearchTerm(written);
  if (digest !== undefined) return { kind: 'digest', text, ...digest };
  const isPurl = purl !== undefined && /^pkg:[a-z][a-z0-9.+-]*\/\S+$/i.test(purl);
  return isPurl ? { kind: 'package', text, purl } : undefined;
}
