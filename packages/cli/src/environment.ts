/** The only module of the program that reads the environment of the process. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export interface Environment {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly context: string | undefined;
  readonly output: string | undefined;
  /** Data directory of a server on this machine, which contains the token of its owner. */
  readonly dataDirectory: string;
  /** That of the installation that the program belongs to; only if none was configured. */
  readonly installedDataDirectory: string | undefined;
  readonly configurationDirectory: string;
  /** Cache of inspections. */
  readonly cacheDirectory: string;
  /** Address of clamd. */
  readonly clamd: string | undefined;
  /** Directory with the `config.json` of docker, which holds credentials of registries. */
  readonly dockerConfiguration: string;
  /** `auth.json` of podman, skopeo and buildah, and the legacy file of docker. */
  readonly containersAuth: readonly string[];
  readonly dockercfg: string;
  /** The environment of credential helpers of docker: everything except our own secret. */
  readonly helperEnvironment: Readonly<Record<string, string>>;
  /** Address of the local engine. */
  readonly dockerHost: string;
  readonly proxy: ProxyVariables;
  /** Print stack traces of errors. */
  readonly debug: boolean;
  /** Colours are disabled, or the terminal has none. */
  readonly noColor: boolean;
}

/** As curl reads them, in lower or upper case; `http_proxy` only in lower case. */
export interface ProxyVariables {
  readonly http?: string;
  readonly https?: string;
  /** Hosts without a proxy. */
  readonly none?: string;
}

/** Empty variables count as unset, as everywhere in shells. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
  installationDirectory?: string,
): Environment {
  const read = (name: string): string | undefined => variables[name] || undefined;
  const home = read('HOME') ?? homeDirectory();
  return {
    server: read('LAZARET_SERVER'),
    token: read('LAZARET_TOKEN'),
    context: read('LAZARET_CONTEXT'),
    output: read('LAZARET_OUTPUT'),
    dataDirectory: read('LAZARET_DATA') ?? 'data',
    installedDataDirectory:
      installationDirectory === undefined || read('LAZARET_DATA') !== undefined
        ? undefined
        : join(installationDirectory, 'data'),
    configurationDirectory: baseDirectory(read('XDG_CONFIG_HOME'), join(home, '.config')),
    cacheDirectory: baseDirectory(read('XDG_CACHE_HOME'), join(home, '.cache')),
    clamd: read('LAZARET_CLAMD'),
    dockerConfiguration: read('DOCKER_CONFIG') ?? join(home, '.docker'),
    containersAuth: containersAuth(read, home),
    dockercfg: join(home, '.dockercfg'),
    helperEnvironment: Object.fromEntries(
      Object.entries(variables).flatMap(([name, value]) =>
        value === undefined || name === 'LAZARET_TOKEN' ? [] : [[name, value]],
      ),
    ),
    dockerHost: read('DOCKER_HOST') ?? 'unix:///var/run/docker.sock',
    proxy: readProxy(read),
    debug: read('LAZARET_DEBUG') !== undefined,
    noColor: read('NO_COLOR') !== undefined || read('TERM') === 'dumb',
  };
}

/** As containers-auth.json(5) has it. */
function containersAuth(read: (name: string) => string | undefined, home: string): string[] {
  const named = read('REGISTRY_AUTH_FILE');
  if (named !== undefined) return [named];
  const runtime = read('XDG_RUNTIME_DIR');
  return [
    ...(runtime === undefined ? [] : [join(runtime, 'containers', 'auth.json')]),
    join(read('XDG_CONFIG_HOME') ?? join(home, '.config'), 'containers', 'auth.json'),
  ];
}

function readProxy(read: (name: string) => string | undefined): ProxyVariables {
  const http = read('http_proxy');
  const https = read('https_proxy') ?? read('HTTPS_PROXY');
  const none = read('no_proxy') ?? read('NO_PROXY');
  return {
    ...(http !== undefined && { http }),
    ...(https !== undefined && { https }),
    ...(none !== undefined && { none }),
  };
}

/** A user without an entry in passwd, as in containers, has none. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** The XDG base directory specification: relative paths are ignored. */
function baseDirectory(configured: string | undefined, otherwise: string): string {
  return join(
    configured !== undefined && isAbsolute(configured) ? configured : otherwise,
    'lazaret',
  );
}
