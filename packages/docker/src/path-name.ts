/** Names of images and containers in paths of the Engine API. */
import { limits } from '@lazaret/protocol';

import { DockerError } from './docker-error.ts';

/**
 * The part of a path that names an image or a container. Throws DockerError `not_found` for a text
 * that no engine takes as a name, which must not become another path.
 */
export function pathName(name: string): string {
  const isName = name.length <= limits.urlParameterChars && /^[\w][\w.\-/:@]*$/.test(name);
  if (isName && !name.split('/').some((part) => part === '..' || part === '.' || part === '')) {
    return name.split('/').map(encodeURIComponent).join('/');
  }
  throw new DockerError('not_found', `no such image or container: "${name}"`);
}
