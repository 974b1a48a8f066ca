/** Reads the one-time link from the URL fragment (`#link=...`, `#?link=...`). */
export function readSetupLink(hash: string): string | undefined {
  const link = new URLSearchParams(hash.replace(/^#\??/, '')).get('link');
  return link === null || link === '' ? undefined : link;
}
