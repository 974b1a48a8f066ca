/** The beginning of an answer in bytes: what lies behind it is not read. */

export interface AnswerStart {
  readonly bytes: Uint8Array;
  /** There is more than that. */
  readonly isCut: boolean;
}

/** At most so many bytes, also of a server that answers with more than was asked for. */
export async function readStart(response: Response, maxBytes: number): Promise<AnswerStart> {
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
  return { bytes: bytes.subarray(0, maxBytes), isCut: total > maxBytes };
}
