/** Explains failed connections; the message ends with the error code of the library, for search. */
import { SourceError, type SourceRemedy, TransientError } from '../../source-error.ts';

/** `hasAnswered`: the host responded before, so it may come back. */
export function connectionFailure(error: unknown, url: URL, hasAnswered: boolean): SourceError {
  const code = codeOf(error);
  const { words, remedy, isTransient } = explain(code, url);
  const returns = hasAnswered && ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code);
  const Kind = returns || isTransient === true ? TransientError : SourceError;
  return new Kind('unreachable', `${url.host} cannot be reached: ${words} (${code})`, { remedy });
}

interface Explanation {
  /** The cause, for the message. */
  readonly words: string;
  readonly remedy?: SourceRemedy;
  /** A retry may help. */
  readonly isTransient?: boolean;
}

function explain(code: string, url: URL): Explanation {
  const known = byCode.find(([codes]) => codes.test(code))?.[1] ?? {
    words: 'connection failed',
  };
  // Servers that expect TLS close plain HTTP connections or respond in TLS.
  const mayWantTls = url.protocol === 'http:' && mayBeTls.test(code);
  if (!mayWantTls) return known;
  return { ...known, words: `${known.words}; the request used plain HTTP`, remedy: 'tls' };
}

const mayBeTls = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|HPE_)/;

/** The first match counts. */
const byCode: readonly (readonly [codes: RegExp, explanation: Explanation])[] = [
  [/^ECONNREFUSED$/, { words: 'connection refused' }],
  [/^ENOTFOUND$/, { words: 'host not found' }],
  [/^EAI_AGAIN$/, { words: 'temporary failure in name resolution', isTransient: true }],
  [/^(EHOSTUNREACH|ENETUNREACH)$/, { words: 'no route to host' }],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, { words: 'connection timed out', isTransient: true }],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    { words: 'connection closed before the response was complete', isTransient: true },
  ],
  [
    /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/,
    { words: 'no data received before the timeout', isTransient: true },
  ],
  [
    /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/,
    { words: 'response length does not match Content-Length', isTransient: true },
  ],
  [/^(UND_ERR_ABORTED|ABORT_ERR)$/, { words: 'request aborted', isTransient: true }],
  [/^HPE_/, { words: 'response is not valid HTTP' }],
  [/^CERT_HAS_EXPIRED$/, { words: 'certificate has expired', remedy: 'trust' }],
  [/^CERT_NOT_YET_VALID$/, { words: 'certificate is not yet valid', remedy: 'trust' }],
  [
    /^(ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH)/,
    { words: 'certificate is for a different host name', remedy: 'trust' },
  ],
  [
    /^(DEPTH_ZERO_)?SELF_SIGNED/,
    { words: 'certificate is self-signed or signed by an unknown authority', remedy: 'trust' },
  ],
  [
    /^UNABLE_TO_(GET_ISSUER|VERIFY)/,
    { words: 'certificate is signed by an unknown authority', remedy: 'trust' },
  ],
  [
    /^CERT_SIGNATURE_FAILURE$/,
    { words: 'certificate signature does not match its issuer', remedy: 'trust' },
  ],
  [/^(ERR_TLS_CERT|CERT_)/, { words: 'certificate is not trusted', remedy: 'trust' }],
  [
    /^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)|EPROTO)/,
    { words: 'server does not support TLS on this port', remedy: 'plain_http' },
  ],
  [
    /^ERR_SSL_.*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA)/,
    {
      words: 'TLS handshake rejected; the server may require a client certificate',
      remedy: 'client_certificate',
    },
  ],
  [/^ERR_(SSL|TLS)_/, { words: 'TLS handshake failed' }],
];

/** Connecting to several addresses of a name yields several errors; the first one is reported. */
function codeOf(error: unknown): string {
  const errors = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  for (const one of errors) {
    if (one instanceof Error && 'code' in one && typeof one.code === 'string') return one.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}
