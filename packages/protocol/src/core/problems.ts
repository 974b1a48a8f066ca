/** Problems that any operation can return. */
import type { ProblemKind } from './problem-kind.ts';

export const coreProblems = {
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    hint: 'Correct the listed fields; the API reference describes each.',
  },
  malformed_body: {
    status: 400,
    title: 'Malformed request body',
    hint: 'Send well-formed UTF-8 JSON, or raw bytes where an upload is expected.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    hint: 'It does not exist, or it belongs to a project that you cannot access.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    hint: 'The Allow header lists the allowed methods.',
  },
  conflict: {
    status: 409,
    title: 'Conflict with the current state',
    hint: 'Read the resource again and retry if the change still applies.',
  },
  already_exists: {
    status: 409,
    title: 'Name already in use',
    hint: 'Choose another name, or change the existing resource.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'Idempotency-Key already used for another request',
    hint: 'Use a new key for each new request.',
  },
  precondition_failed: {
    status: 412,
    title: 'Precondition failed',
    hint: 'Fetch the content again; its ETag differs from the one in If-Match.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported content type',
    hint: 'Send application/json, or raw bytes or multipart/form-data for an upload.',
  },
  range_not_satisfiable: {
    status: 416,
    title: 'Range not satisfiable',
    hint: 'Request a range within the size in the Content-Range header.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    hint: 'Retry after the number of seconds in the Retry-After header.',
  },
  internal_error: {
    status: 500,
    title: 'Internal server error',
    hint: 'Search the server log for the request ID.',
  },
  blob_key_mismatch: {
    status: 503,
    title: 'Wrong encryption key for stored content',
    hint: 'Configure the key with which the content was stored.',
  },
  unavailable: {
    status: 503,
    title: 'Service unavailable',
    hint: 'Retry shortly; /readyz lists the components that are not ready.',
  },
} as const satisfies Record<string, ProblemKind>;
