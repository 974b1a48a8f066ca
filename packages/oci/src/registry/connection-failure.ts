/** Connections that fail, in words: the libraries' codes stand behind them, to be searched for. */
import { SourceError, type SourceRemedy } from '../image-source.ts';
import { TransientError } from './failure.ts';

/** `hasAnswered`: the host has before, so that it may come back. */
export function connectionFailure(error: unknown, url: URL, hasAnswered: boolean): SourceError {
  const code = codeOf(error);
  const { words, remedy, passes } = explain(code, url);
  const returns = hasAnswered && ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code);
  const Kind = returns || passes === true ? TransientError : SourceError;
  return new Kind('unreachable', `${url.host} cannot be reached: ${words} (${code})`, { remedy });
}

interface Explanation {
  /** What happened. */
  readonly words: string;
  readonly remedy?: SourceRemedy;
  /** Another attempt may help. */
  readonly passes?: boolean;
}

function explain(code: string, url: URL): Explanation {
  const known = byCode.find(([codes]) => codes.test(code))?.[1] ?? {
    words: 'the connection failed',
  };
  // Servers that want TLS hang up on plain HTTP, or answer in TLS.
  const mayWantTls = url.protocol === 'http:' && mayBeTls.test(code);
  if (!mayWantTls) return known;
  return { ...known, words: `${known.words}; it was asked over plain HTTP`, remedy: 'tls' };
}

const mayBeTls = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|HPE_)/;

/** The first that fits counts. */
const byCode: readonly (readonly [codes: RegExp, explanation: Explanation])[] = [
  [/^ECONNREFUSED$/, { words: 'nothing takes connections there' }],
  [/^ENOTFOUND$/, { words: 'there is no host of this name' }],
  [/^EAI_AGAIN$/, { words: 'its name cannot be looked up just now', passes: true }],
  [/^(EHOSTUNREACH|ENETUNREACH)$/, { words: 'no way in the network leads there' }],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    { words: 'it did not take the connection in time', passes: true },
  ],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    { words: 'it closed the connection before its answer was whole', passes: true },
  ],
  [/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/, { words: 'it sent nothing for too long', passes: true }],
  [
    /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/,
    { words: 'its answer is not as long as it said', passes: true },
  ],
  [/^(UND_ERR_ABORTED|ABORT_ERR)$/, { words: 'the request was broken off', passes: true }],
  [/^HPE_/, { words: 'what it answered is not HTTP' }],
  [/^CERT_HAS_EXPIRED$/, { words: 'its certificate has expired', remedy: 'trust' }],
  [/^CERT_NOT_YET_VALID$/, { words: 'its certificate is not valid yet', remedy: 'trust' }],
  [
    /^(ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH)/,
    { words: 'its certificate is for another name', remedy: 'trust' },
  ],
  [
    /^(DEPTH_ZERO_)?SELF_SIGNED/,
    { words: 'its certificate is signed by itself or by an unknown authority', remedy: 'trust' },
  ],
  [
    /^UNABLE_TO_(GET_ISSUER|VERIFY)/,
    { words: 'its certificate is signed by an unknown authority', remedy: 'trust' },
  ],
  [
    /^CERT_SIGNATURE_FAILURE$/,
    { words: 'its certificate is not signed by the authority that it names', remedy: 'trust' },
  ],
  [/^(ERR_TLS_CERT|CERT_)/, { words: 'its certificate is not believed', remedy: 'trust' }],
  [
    /^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)|EPROTO)/,
    { words: 'it does not speak TLS there', remedy: 'plain_http' },
  ],
  [
    /^ERR_SSL_.*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA)/,
    {
      words: 'it ended TLS, perhaps for want of a certificate of ours',
      remedy: 'client_certificate',
    },
  ],
  [/^ERR_(SSL|TLS)_/, { words: 'TLS with it failed' }],
];

/** A connection to several addresses of a name fails with several errors: the first tells. */
function codeOf(error: unknown): string {
  const errors = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  for (const one of errors) {
    if (one instanceof Error && 'code' in one && typeof one.code === 'string') return one.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}
