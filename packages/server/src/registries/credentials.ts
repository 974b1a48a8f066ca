/** Credentials by reference: looked up at each use, never stored. */
import { SourceError } from '@lazaret/oci';
import {
  openCredentials,
  type Credential,
  type CredentialOptions,
  type CredentialSource,
} from '@lazaret/oci/registry';

import {
  mayNameVariable,
  resolveReferencedFile,
  type FilePlaces,
} from '../floor/secret-reference.ts';
import { watchLimits } from './limits.ts';
import { readServerFile, variablePrefix } from './server-file.ts';

export interface CredentialParts {
  readonly place: FilePlaces;
  /** The registry that credentials of a file or variable are for. */
  readonly address: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the server uses for registries that are not watched. */
  readonly shared: CredentialOptions;
}

/** Never throws; a reference that cannot be read is an error of each lookup. */
export function openCredentialReference(
  reference: string,
  parts: CredentialParts,
): CredentialSource {
  const [kind = '', ...rest] = reference.split(':');
  const target = rest.join(':');
  if (kind === 'none') return { find: async () => undefined };
  if (kind === 'docker-config' && target === '') return openCredentials(parts.shared);
  if (kind === 'docker-config') return openDockerConfig(target, parts);
  const read = (): Promise<string> =>
    kind === 'env' ? readVariable(target, parts) : readSecretFile(target, parts);
  return {
    async find(query) {
      // Mirrors have credentials of their own, if any.
      if (query.host !== parts.address) return undefined;
      const text = (await read()).trim();
      if (kind === 'file' && text.startsWith('{')) {
        return openDockerConfig(target, parts).find(query);
      }
      return parseCredential(text, reference);
    },
  };
}

function openDockerConfig(path: string, { place, shared }: CredentialParts): CredentialSource {
  const dockerConfig = resolveReferencedFile(path, place);
  if (dockerConfig === undefined) return { find: () => Promise.reject(forbidden(path)) };
  const { helperEnvironment } = shared;
  return openCredentials({
    dockerConfig,
    ...(helperEnvironment !== undefined && { helperEnvironment }),
  });
}

function forbidden(path: string): SourceError {
  const message = `the credentials ${path} cannot be read: they are outside the allowed directory`;
  return new SourceError('unauthorized', message);
}

async function readVariable(name: string, parts: CredentialParts): Promise<string> {
  const value = mayNameVariable(name, { ...parts.place, variablePrefix })
    ? parts.environment[name]
    : undefined;
  if (value !== undefined && value !== '') return value;
  throw new SourceError('unauthorized', `the variable ${name} with the credentials is not set`);
}

function readSecretFile(path: string, { place }: CredentialParts): Promise<string> {
  const what = 'the credential file';
  return readServerFile(path, { what, place, maxBytes: watchLimits.secretFileBytes });
}

/** `USER:PASSWORD` on one line. */
function parseCredential(text: string, reference: string): Credential {
  const colon = text.indexOf(':');
  if (colon > 0 && colon < text.length - 1 && !/[\r\n]/.test(text)) {
    return {
      kind: 'password',
      username: text.slice(0, colon),
      password: text.slice(colon + 1),
    };
  }
  throw new SourceError(
    'unauthorized',
    `the credentials ${reference} are malformed: expected one line USER:PASSWORD, or config.json`,
  );
}
