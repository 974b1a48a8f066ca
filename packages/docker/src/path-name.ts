/** Names of images and containers in paths of the Engine API. */
import { limits } from '@lazaret/protocol';

import { DockerError } from './docker-error.ts';

/**
 * The path segment of an image or a container. Throws DockerError `not_found` for an invalid name,
 * which must not change the path.
 */
export function pathName(name: string): string {
  const isName = name.length <= limits.urlParameterChars && /^[\w][\w.\-/:@]*$/.test(name);
  if (isName && !name.split('/').some((part) => part === '..' || part === '.' || part === '')) {
    return name.split('/').map(encodeURIComponent).join('/');
  }
  throw new DockerError('not_found', `no such image or container: "${name}"`);
}
