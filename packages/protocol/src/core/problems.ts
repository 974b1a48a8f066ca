/** Problems that any operation can answer. */
import type { ProblemKind } from './problem-kind.ts';

export const coreProblems = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    hint: 'Correct the fields that are listed; the API reference shows what each expects.',
  },
  malformed_body: {
    status: 400,
    title: 'The body could not be read',
    hint: 'Send well-formed UTF-8 JSON, or raw bytes where an upload is expected.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    hint: 'It does not exist, or it belongs to a project that you cannot see.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This path does not take that method',
    hint: 'The header Allow names the methods that it takes.',
  },
  conflict: {
    status: 409,
    title: 'That does not fit the present state',
    hint: 'Read the resource again, then decide.',
  },
  already_exists: {
    status: 409,
    title: 'That name is taken',
    hint: 'Choose another name, or change what exists.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'That Idempotency-Key was used for another request',
    hint: 'Use a new key for a new request.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'That content type is not taken here',
    hint: 'Send application/json, or raw bytes or multipart/form-data for an upload.',
  },
  range_not_satisfiable: {
    status: 416,
    title: 'The range lies outside the content',
    hint: 'Ask for a range inside the size that Content-Range names.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    hint: 'Wait for the time in Retry-After, then go on.',
  },
  internal_error: {
    status: 500,
    title: 'Lazaret failed',
    hint: 'The log has the details under the request id.',
  },
  blob_key_mismatch: {
    status: 503,
    title: 'The key does not open the stored content',
    hint: 'Configure the key with which the content was stored.',
  },
  unavailable: {
    status: 503,
    title: 'Not ready',
    hint: 'Try again shortly; /readyz says what is missing.',
  },
} as const satisfies Record<string, ProblemKind>;
