/** Conditional and range headers (RFC 9110): checked before the handler, so none is ignored. */
import { Problem, type Operation } from '@lazaret/protocol';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const tag = '(?:W/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"';
const tagList = new RegExp(`^(?:\\*|[ \\t]*${tag}(?:[ \\t]*,[ \\t]*${tag})*[ \\t]*)$`);
const byteRange = '(?:\\d{1,15}-\\d{0,15}|-\\d{1,15})';
const byteRanges = new RegExp(`^bytes=[ \\t]*${byteRange}(?:[ \\t]*,[ \\t]*${byteRange})*[ \\t]*$`);

/** Throws `invalid_request` for a malformed header, and for one that cannot be honoured. */
export function checkConditionalHeaders(headers: Headers, operation: Operation): void {
  const isDownload = operation.outputKind === 'bytes';
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && !isDownload) {
    throw invalidHeader('If-Match', 'this operation has no ETag to compare; omit the header');
  }
  checkTags('If-Match', ifMatch);
  checkTags('If-None-Match', headers['if-none-match']);
  const { range } = headers;
  // Other units are ignored, as the RFC requires.
  if (!isDownload || typeof range !== 'string' || !/^bytes\b/i.test(range)) return;
  if (!byteRanges.test(range)) {
    throw invalidHeader('Range', `expected bytes=FIRST-LAST, received ${show(range)}`);
  }
}

function checkTags(name: string, value: string | string[] | undefined): void {
  if (value === undefined || (typeof value === 'string' && tagList.test(value))) return;
  throw invalidHeader(name, `expected "ETAG" in double quotes, or *, received ${show(value)}`);
}

function invalidHeader(name: string, message: string): Problem {
  return new Problem('invalid_request', `header ${name}: ${message}`, {
    fields: [{ path: `header.${name}`, message }],
  });
}

function show(value: string | string[]): string {
  return JSON.stringify(String(value).slice(0, 100));
}

/** Whether a list of tags contains the tag. */
export function hasTag(
  header: string | undefined,
  etag: string,
  comparison: 'strong' | 'weak',
): boolean {
  const accepted = comparison === 'strong' ? ['*', etag] : ['*', etag, `W/${etag}`];
  return header?.split(',').some((one) => accepted.includes(one.trim())) === true;
}
