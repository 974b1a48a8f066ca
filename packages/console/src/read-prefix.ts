/** The first bytes of a response; the rest is not read. */

export interface ResponsePrefix {
  readonly bytes: Uint8Array;
  /** The response has more bytes. */
  readonly isTruncated: boolean;
}

/** Reads at most `maxBytes`, even if the server ignores the requested range. */
export async function readPrefix(response: Response, maxBytes: number): Promise<ResponsePrefix> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  while (reader !== undefined && total <= maxBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    total += value.length;
  }
  await reader?.cancel();
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return { bytes: bytes.subarray(0, maxBytes), isTruncated: total > maxBytes };
}
