/** The API role: the operations of all slices, the API reference and the console over HTTP. */

import type { Access } from '../access/index.ts';
import { createHttpServer, type HttpServerOptions } from '../floor/http/index.ts';
import { serverLimits } from '../floor/limits.ts';
import type { Slice } from '../floor/slice.ts';
import { serveDocs, serveReference } from '../system/index.ts';
import { serveConsole, type ConsoleFiles } from './console-files.ts';
import { listen, parseAddress, urlOf } from './listen.ts';
import type { Core, Role } from './role.ts';

export interface ApiRole extends Role {
  /** Where it listens: `http://127.0.0.1:8100`. */
  readonly url: string;
}

export interface ApiParts {
  readonly slices: readonly Slice[];
  readonly access: Access;
  readonly onAnswer: HttpServerOptions['onAnswer'];
  readonly console: ConsoleFiles;
}

/** Resolves when it listens. */
export async function startApi(core: Core, parts: ApiParts): Promise<ApiRole> {
  const { values, sources } = core.configuration;
  const { access } = parts;
  const app = await createHttpServer({
    log: core.log,
    routes: parts.slices.flatMap(({ routes }) => routes ?? []),
    authenticate: (call) => access.authenticate(call),
    onDenied: (...denied) => void access.recordDenied(...denied),
    onAnswer: parts.onAnswer,
    requestsPerMinute: values.requestsPerMinute,
    uploadIdleMs: serverLimits.uploadIdleMs,
    trustedProxies: values.trustedProxies,
  });
  serveReference(app);
  serveDocs(app, parts.console.installation);
  await serveConsole(app, parts.console);
  const wanted = parseAddress(values.listen);
  const exact = sources.listen !== 'default';
  try {
    const bound = await listen(app, { ...wanted, exact });
    if (!exact && bound.port !== wanted.port) {
      core.log.warn(
        { wanted: wanted.port, bound: bound.port },
        'the port is in use; listening on the next free one',
      );
    }
    return {
      url: urlOf(bound),
      loops: () => [],
      wake: () => undefined,
      stop: () => app.close(),
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}
