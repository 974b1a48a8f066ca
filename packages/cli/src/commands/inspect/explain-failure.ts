/** Errors of image sources as exit codes and hints. */
import type { InspectRequest } from '@lazaret/analysis';

import { exitCodes } from '../../exit-code.ts';
import { Failure } from '../../failure.ts';
import { toFileFailure } from '../../files/upload-file.ts';

/** Hints for connection failures whose cause is known. */
const remedies: Readonly<Record<string, string>> = {
  plain_http: 'Use --plain-http HOST for a registry without TLS.',
  tls:
    'The registry uses TLS: remove --plain-http. A registry on this machine is accessed over HTTP ' +
    'unless /etc/docker/certs.d has a certificate for it or --insecure-registry HOST is given.',
  trust: 'Trust a private CA with --ca FILE, or skip verification with --insecure-registry HOST.',
  client_certificate: 'Put the client certificate into /etc/docker/certs.d/HOST.',
};

const failuresByCode: Readonly<Record<string, readonly [exitCode: number, hint?: string]>> = {
  not_found: [
    exitCodes.notFound.code,
    'Use a path for an archive or directory, and docker:NAME for an image of the local engine.',
  ],
  no_such_platform: [
    exitCodes.notFound.code,
    'Use --all-platforms to inspect every platform of the image.',
  ],
  unauthorized: [
    exitCodes.forbidden.code,
    'Sign in with `docker login`, or use --credentials CONFIG.JSON.',
  ],
  invalid_reference: [
    exitCodes.usage.code,
    'No such file or directory, and not a valid image reference (registry/name:tag).',
  ],
  unreachable: [
    exitCodes.unreachable.code,
    'Check the host name, the port and that the registry is running, or use --mirror HOST=MIRROR.',
  ],
  rate_limited: [exitCodes.unreachable.code, 'Sign in, wait, or use a mirror with --mirror.'],
  damaged: [exitCodes.unreadable.code],
  digest_mismatch: [
    exitCodes.unreadable.code,
    'The content does not match its digest: download it again.',
  ],
  too_large: [exitCodes.unreadable.code],
  unsupported: [exitCodes.unreadable.code],
};

function hintOf(
  code: string,
  request: SourceRequest,
  usual: string | undefined,
): string | undefined {
  if (code !== 'unreachable' && code !== 'not_found' && code !== 'unauthorized') return usual;
  if (!request.offline || code !== 'unreachable') return usual;
  return 'With --offline only archives, layouts, directories and the local engine can be inspected.';
}

type SourceRequest = Pick<InspectRequest, 'reference' | 'offline'>;

/** Translates errors of sources and of files named by flags; others are returned unchanged. */
export function toSourceFailure(error: unknown, request: SourceRequest): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name !== 'SourceError') {
    const { path } = error as NodeJS.ErrnoException;
    return path === undefined ? error : toFileFailure(error, path);
  }
  const { code } = error as Error & { readonly code?: unknown };
  const step =
    typeof code === 'string' && Object.hasOwn(failuresByCode, code)
      ? failuresByCode[code]
      : undefined;
  const [exitCode = exitCodes.failure.code, usual] = step ?? [];
  const { remedy } = error as Error & { readonly remedy?: keyof typeof remedies };
  const hint = hintOf(String(code), request, remedy === undefined ? usual : remedies[remedy]);
  const isNamed = error.message.startsWith(request.reference);
  return new Failure(isNamed ? error.message : `${request.reference}: ${error.message}`, {
    exitCode,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
