import { expect, test } from 'vitest';

import { TransientError } from '../../source-error.ts';
import { connectionFailure } from './connection-failure.ts';

function fail(code: string, { url = 'https://images.lab/v2/?signature=1', answered = false } = {}) {
  const error = Object.assign(new Error('no'), { code });
  return connectionFailure(error, new URL(url), answered);
}

test('a refused connection is retried only when the host responded before', () => {
  expect(fail('ECONNREFUSED')).not.toBeInstanceOf(TransientError);
  expect(fail('ECONNREFUSED', { answered: true })).toBeInstanceOf(TransientError);
  const error = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
  const several = connectionFailure(
    new AggregateError([error]),
    new URL('https://images.lab'),
    false,
  );
  expect(several.message).toBe('images.lab cannot be reached: connection refused (ECONNREFUSED)');
});

test.each([
  ['UND_ERR_SOCKET', 'connection closed before the response was complete', undefined, true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed', 'trust', false],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'an unknown authority', 'trust', false],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'an unknown authority', 'trust', false],
  ['CERT_HAS_EXPIRED', 'has expired', 'trust', false],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'for a different host name', 'trust', false],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not support TLS', 'plain_http', false],
  [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'may require a client certificate',
    'client_certificate',
    false,
  ],
  ['ERR_SSL_SOMETHING_NEW', 'TLS handshake failed', undefined, false],
  ['E_NEVER_HEARD_OF', 'connection failed', undefined, false],
])('%s is explained', (code, words, remedy, passes) => {
  const failure = fail(code);
  expect(failure).toMatchObject({ code: 'unreachable', remedy });
  expect(failure.message).toContain(words);
  expect(failure.message).toContain(`(${code})`);
  expect(failure instanceof TransientError).toBe(passes);
});

test.each(['UND_ERR_SOCKET', 'ECONNRESET', 'HPE_INVALID_CONSTANT'])(
  '%s over plain HTTP suggests TLS',
  (code) => {
    const failure = fail(code, { url: 'http://images.lab/' });
    expect(failure).toMatchObject({ remedy: 'tls' });
    expect(failure.message).toContain('the request used plain HTTP');
    expect(fail(code).message).not.toContain('plain HTTP');
  },
);
