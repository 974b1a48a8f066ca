/**
 * The environment of a script: the variables of the image without those that steer interpreters,
 * loaders and tools, and ours. Pure.
 */
import { scriptServerLimits } from './limits.ts';

interface Steering {
  readonly names: readonly string[];
  /** What a variable of the image could do. */
  readonly reason: string;
}

/** A trailing `*` matches any rest. `docs/scripts.md` has this table. */
export const steeringVariables: readonly Steering[] = [
  {
    names: ['LD_*', 'GLIBC_TUNABLES', 'MALLOC_*', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'LIBPATH'],
    reason: 'load libraries of the image into every program, or change its memory allocator',
  },
  {
    names: ['BASH_*', 'ENV', 'BASHOPTS', 'SHELLOPTS', 'PS4', 'PROMPT_COMMAND', 'IFS', 'CDPATH'],
    reason: 'run or change commands of a shell when it starts',
  },
  {
    names: ['GLOBIGNORE', 'FPATH', 'ZDOTDIR', 'POSIXLY_CORRECT', 'SHELL', 'FIGNORE'],
    reason: 'change what patterns match and which files a shell reads',
  },
  {
    names: ['PATH', 'HOME', 'PWD', 'OLDPWD', 'TMPDIR', 'TMP', 'TEMP', 'TEMPDIR'],
    reason: 'set by Lazaret',
  },
  {
    names: ['LC_*', 'LANG', 'LANGUAGE', 'TZ', 'TZDIR', 'TERM*'],
    reason: 'change the output of tools',
  },
  { names: ['PYTHON*'], reason: 'run code of the image in Python, or replace its library' },
  { names: ['NODE_*', 'NPM_*', 'npm_*', 'YARN_*'], reason: 'run code of the image in Node.js' },
  {
    names: ['PERL*', 'RUBY*', 'GEM_*', 'BUNDLE_*', 'LUA_*', 'PHP*', 'TCL*', 'R_*', 'JULIA_*'],
    reason: 'run code of the image in other interpreters',
  },
  {
    names: [
      'JAVA_TOOL_OPTIONS',
      '_JAVA_OPTIONS',
      'JDK_JAVA_OPTIONS',
      'CLASSPATH',
      'DOTNET_*',
      'CORECLR_*',
      'COR_*',
    ],
    reason: 'load agents into virtual machines',
  },
  {
    names: ['DPKG_*', 'APT_*', 'RPM_*', 'APK_*', 'PACMAN*', 'PIP_*', 'CONDA_*', 'DEBIAN_*'],
    reason: 'make package managers read another database',
  },
  {
    names: ['GIT_*', 'SSH_*', 'EDITOR', 'VISUAL', 'PAGER', 'MANPAGER', 'BROWSER', 'LESS*', 'MORE'],
    reason: 'name programs that tools start',
  },
  {
    names: [
      'GREP_*',
      'TAR_*',
      'GZIP',
      'XZ_*',
      'ZIPOPT',
      'UNZIP*',
      'LS_*',
      'AWK*',
      'POSIX*',
      'MAGIC',
    ],
    reason: 'change options of tools',
  },
  {
    names: [
      'OPENSSL_*',
      'SSL_*',
      'CURL_*',
      'REQUESTS_*',
      '*_proxy',
      '*_PROXY',
      'HOSTALIASES',
      'RES_OPTIONS',
      'LOCALDOMAIN',
    ],
    reason: 'load modules, or redirect connections and names',
  },
  { names: ['LAZARET_*'], reason: 'set by Lazaret' },
];

export interface ImageFacts {
  readonly name: string;
  readonly digest: string;
  readonly platform: string;
  readonly workingDirectory: string;
  /** `NAME=value`, as in the configuration of the image. */
  readonly env: readonly string[];
}

export interface ScriptEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Names of variables of the image that were not passed on. */
  readonly dropped: readonly string[];
}

export interface EnvironmentPlaces {
  /** Directories of the container. */
  readonly tools: string;
  readonly scratch: string;
  readonly script: string;
}

/** The programs of the image come after ours. */
const imagePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function buildEnvironment(image: ImageFacts, places: EnvironmentPlaces): ScriptEnvironment {
  const variables: Record<string, string> = {};
  const dropped: string[] = [];
  for (const text of image.env.slice(0, scriptServerLimits.variables)) {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    const isOrdinary = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) && !text.includes('\0');
    const isSmall = text.length <= scriptServerLimits.variableBytes;
    if (at > 0 && isOrdinary && isSmall && !isSteering(name)) variables[name] = text.slice(at + 1);
    else dropped.push(name.slice(0, 128));
  }
  return {
    variables: {
      ...variables,
      PATH: `${places.tools}/bin:${imagePath}`,
      HOME: places.scratch,
      TMPDIR: places.scratch,
      LC_ALL: 'C.UTF-8',
      // A file of the image could name modules to load.
      OPENSSL_CONF: '/dev/null',
      LAZARET_IMAGE: image.name,
      LAZARET_DIGEST: image.digest,
      LAZARET_PLATFORM: image.platform,
      LAZARET_WORKDIR: image.workingDirectory,
      LAZARET_SCRIPT: places.script,
      LAZARET_TOOLS: `${places.tools}/bin`,
    },
    dropped: [...new Set(dropped)].toSorted(),
  };
}

const patterns = steeringVariables.flatMap(({ names }) => names.map(toPattern));

function toPattern(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('*', '.*')}$`);
}

export function isSteering(name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}
