/** The head of a response as far as a bulk transfer understands it. Pure. */

export interface BulkHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Bytes of the body. */
  readonly length: number;
  /** Whether the connection can be used again. */
  readonly keepsAlive: boolean;
}

const withoutBody: ReadonlySet<number> = new Set([204, 304]);

/** Undefined for what needs a general HTTP client: another framing, or an interim response. */
export function parseBulkHead(text: string): BulkHead | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const [, version, code] = /^HTTP\/1\.([01]) ([2-5]\d\d)(?: |$)/.exec(first) ?? [];
  const headers = parseHeaders(lines);
  if (version === undefined || headers === undefined) return undefined;
  const status = Number(code);
  if (withoutBody.has(status)) return { status, headers, length: 0, keepsAlive: false };
  const length = bodyLength(headers);
  if (length === undefined) return undefined;
  const connection = (headers.get('connection') ?? []).join(',').toLowerCase();
  return { status, headers, length, keepsAlive: version === '1' && !connection.includes('close') };
}

function bodyLength(headers: BulkHead['headers']): number | undefined {
  const [length, ...others] = headers.get('content-length') ?? [];
  const isFramed = headers.has('transfer-encoding') || others.length > 0;
  if (isFramed || length === undefined || !/^\d{1,15}$/.test(length)) return undefined;
  return Number(length);
}

function parseHeaders(lines: readonly string[]): Map<string, string[]> | undefined {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value = ''] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    // Control characters may split it for others.
    if (name === undefined || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return undefined;
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  return headers;
}
