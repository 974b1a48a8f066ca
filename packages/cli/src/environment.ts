/** The only place of the program that reads the process's environment. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export interface Environment {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly context: string | undefined;
  readonly output: string | undefined;
  /** Data directory of a server on this machine, where it leaves its owner's token. */
  readonly dataDirectory: string;
  readonly configurationDirectory: string;
  /** Where results of inspections are kept between runs. */
  readonly cacheDirectory: string;
  /** Address of clamd. */
  readonly clamd: string | undefined;
  /** Directory with the `config.json` of docker, which holds credentials of registries. */
  readonly dockerConfiguration: string;
  readonly dockerHost: string | undefined;
  readonly proxy: ProxyVariables;
  /** Errors come with their stack traces. */
  readonly debug: boolean;
  /** Colours are unwanted, or the terminal has none. */
  readonly plain: boolean;
}

/** As curl and docker read them, in small letters or large. */
export interface ProxyVariables {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly no: string | undefined;
}

/** Empty variables count as unset, as everywhere in shells. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const read = (name: string): string | undefined => variables[name] || undefined;
  const home = read('HOME') ?? homeDirectory();
  return {
    server: read('LAZARET_SERVER'),
    token: read('LAZARET_TOKEN'),
    context: read('LAZARET_CONTEXT'),
    output: read('LAZARET_OUTPUT'),
    dataDirectory: read('LAZARET_DATA') ?? 'data',
    configurationDirectory: baseDirectory(read('XDG_CONFIG_HOME'), join(home, '.config')),
    cacheDirectory: baseDirectory(read('XDG_CACHE_HOME'), join(home, '.cache')),
    clamd: read('LAZARET_CLAMD'),
    dockerConfiguration: read('DOCKER_CONFIG') ?? join(home, '.docker'),
    dockerHost: read('DOCKER_HOST'),
    proxy: {
      http: read('http_proxy'),
      https: read('https_proxy') ?? read('HTTPS_PROXY'),
      no: read('no_proxy') ?? read('NO_PROXY'),
    },
    debug: read('LAZARET_DEBUG') !== undefined,
    plain: read('NO_COLOR') !== undefined || read('TERM') === 'dumb',
  };
}

/** A user that the system does not know, as in containers, has none. */
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
