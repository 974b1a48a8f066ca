/** What a source says when it cannot give an image, as exit codes and next steps. */
import type { InspectRequest } from '@lazaret/analysis';

import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { asFileFailure } from '../upload-file.ts';

/** What helps against a connection that fails for a reason that is known. */
const remedies: Readonly<Record<string, string>> = {
  plain_http: 'A registry without TLS wants --plain-http HOST.',
  tls:
    'A registry with TLS must not be named by --plain-http; one on this machine is taken to have ' +
    'none, unless there is a certificate for it in /etc/docker/certs.d or --insecure-registry HOST.',
  trust: '--ca FILE trusts an authority of your own, --insecure-registry HOST any certificate.',
  client_certificate: 'A certificate to show lies in /etc/docker/certs.d/HOST.',
};

const steps: Readonly<Record<string, readonly [exitCode: number, hint?: string]>> = {
  not_found: [
    exitCodes.notFound.code,
    'An archive or directory is named by its path, what the local engine has as docker:NAME.',
  ],
  no_such_platform: [exitCodes.notFound.code, '--all-platforms inspects every one that is there.'],
  unauthorized: [
    exitCodes.forbidden.code,
    'Sign in with `docker login`, or name a config.json with --credentials.',
  ],
  invalid_reference: [
    exitCodes.usage.code,
    'A file or directory of this name is not here, and as the name of an image it is not well formed.',
  ],
  unreachable: [
    exitCodes.unreachable.code,
    'See that name and port are right and that it runs; --mirror HOST=MIRROR asks another first.',
  ],
  rate_limited: [exitCodes.unreachable.code, 'Sign in, wait, or ask a mirror with --mirror.'],
  damaged: [exitCodes.unreadable.code],
  digest_mismatch: [
    exitCodes.unreadable.code,
    'What came is not what was promised: fetch it anew.',
  ],
  too_large: [exitCodes.unreadable.code],
  unsupported: [exitCodes.unreadable.code],
};

/** `app.tar` that is not here reads as an image of a registry. */
const looksLikeFile = /^(?![/.~])[^:@]+\.(?:tar|tgz|tar\.\w+|json)$/i;

function hintOf(code: string, asked: Asked, usual: string | undefined): string | undefined {
  if (code !== 'unreachable' && code !== 'not_found' && code !== 'unauthorized') return usual;
  if (looksLikeFile.test(asked.reference)) {
    return `There is no file ${asked.reference} here, so it was read as an image of a registry.`;
  }
  if (!asked.offline || code !== 'unreachable') return usual;
  return 'With --offline there are archives, layouts, directories, and what the local engine has.';
}

type Asked = Pick<InspectRequest, 'reference' | 'offline'>;

/** Files that flags name are told as such; other errors stay as they are. */
export function explainSource(error: unknown, asked: Asked): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name !== 'SourceError') {
    const { path } = error as NodeJS.ErrnoException;
    return path === undefined ? error : asFileFailure(error, path);
  }
  const { code } = error as Error & { readonly code?: unknown };
  const step = typeof code === 'string' && Object.hasOwn(steps, code) ? steps[code] : undefined;
  const [exitCode = exitCodes.failure.code, usual] = step ?? [];
  const { remedy } = error as Error & { readonly remedy?: keyof typeof remedies };
  const hint = hintOf(String(code), asked, remedy === undefined ? usual : remedies[remedy]);
  return new Failure(`${asked.reference}: ${error.message}`, {
    exitCode,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
