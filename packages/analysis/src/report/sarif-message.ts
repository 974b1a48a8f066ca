/** Untrusted text inside a SARIF message, where braces and brackets have a meaning. */
import { escapeInvisible } from '@lazaret/protocol';

/**
 * Plain text: where a viewer would see a placeholder (`{0}`, 3.11.5) or an embedded link
 * (`[text](target)`, 3.11.6), the text is escaped so that it is shown instead of followed.
 */
export function plainMessage(text: string): string {
  const shown = escapeInvisible(text);
  const linkless = shown.includes('](') ? shown.replaceAll(/[[\]\\]/g, String.raw`\$&`) : shown;
  const escaped = /\{\d+\}/.test(linkless)
    ? linkless.replaceAll('{', '{{').replaceAll('}', '}}')
    : linkless;
  return escaped === '' ? '-' : escaped;
}
