/**
 * The tools that scripts get, as the content of a volume that is mounted read-only: a statically
 * linked busybox, and copies of the interpreters of the server with their own loader and libraries,
 * so that nothing of an image is needed to run them, and nothing of it is loaded into them.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import type { TarInput } from '@lazaret/analysis';
import type { ScriptKind } from '@lazaret/protocol';

import { readElf } from './check-content.ts';
import { scriptServerLimits } from './limits.ts';

export interface ToolboxSettings {
  /** Empty: the one in the usual directories. */
  readonly busybox: string;
  readonly python: string;
  /** Of this process. */
  readonly node: string;
}

export interface Toolbox {
  readonly kind: ScriptKind;
  /** Changes with the tools. */
  readonly hash: string;
  readonly files: () => AsyncIterable<TarInput>;
  /** Program and arguments before the script; paths are below the mount point. */
  command(tools: string, firstLine: string): readonly string[];
}

/** Why a kind of scripts is not supported here. */
export class ToolboxError extends Error {}

interface ToolFile {
  readonly path: string;
  readonly source: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly mtimeMs: number;
}

interface ToolLink {
  readonly path: string;
  readonly linkPath: string;
}

const run = promisify(execFile);
/** Increase it when the same programs would be laid out in another way. */
const layout = 1;

/** Throws ToolboxError. */
export async function openToolbox(kind: ScriptKind, settings: ToolboxSettings): Promise<Toolbox> {
  const shell = await findShell(settings.busybox);
  const interpreter = await findInterpreter(kind, settings);
  const files = [...shell.files, ...interpreter.files];
  const hash = createHash('sha256').update(JSON.stringify([layout, files, shell.links]));
  return {
    kind,
    hash: hash.digest('hex'),
    files: () => packFiles(files, shell.links),
    command: (tools, firstLine) => {
      if (kind === 'binary') return [];
      if (kind !== 'shell') return interpreter.command(tools);
      const wantsBash = shell.hasBash && /^#!.*\bbash\b/.test(firstLine);
      return wantsBash ? [`${tools}/bin/bash`, '--norc'] : [`${tools}/bin/busybox`, 'sh'];
    },
  };
}

async function* packFiles(
  files: readonly ToolFile[],
  links: readonly ToolLink[],
): AsyncGenerator<TarInput> {
  for (const { path, source, sizeBytes, mode, mtimeMs } of files) {
    const patched = patchFor(path);
    const content =
      patched === undefined ? createReadStream(source) : patched(await readFile(source));
    yield { path, mode, mtimeMs, sizeBytes, content };
  }
  for (const { path, linkPath } of links) yield { path, type: 'symlink', linkPath };
}

/**
 * The loader of glibc loads what /etc/ld.so.preload names, and its name service what
 * /etc/nsswitch.conf names. Both files would be those of the image; no option prevents it, so the
 * copies get a path that cannot exist instead.
 */
const patches = [
  ['/etc/ld.so.preload', '/dev/null/.preload'],
  ['/etc/nsswitch.conf', '/dev/null/.nsswitc'],
] as const;

function patchFor(path: string): ((content: Buffer) => Buffer) | undefined {
  if (!/^lib\/(ld-|ld\.so|libc\.so|libc-)/.test(path)) return undefined;
  return (content) => {
    const text = content.toString('latin1');
    const patched = patches.reduce((all, [from, to]) => all.replaceAll(from, to), text);
    return Buffer.from(patched, 'latin1');
  };
}

/** Applets that would hide the package managers of the image, and files of the toolbox. */
const hiddenApplets = new Set(['dpkg', 'dpkg-deb', 'rpm', 'rpm2cpio', 'busybox', 'bash']);
const busyboxPlaces = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static'];
const bashPlaces = ['/bin/bash-static', '/usr/bin/bash-static'];

async function findShell(given: string) {
  const busybox = await firstStatic(given === '' ? busyboxPlaces : [given]);
  if (busybox === undefined) {
    const where = given === '' ? busyboxPlaces.join(', ') : given;
    throw new ToolboxError(
      `no statically linked busybox at ${where} (Debian: install busybox-static)`,
    );
  }
  const { stdout } = await runTool(busybox, ['--list']);
  const applets = stdout.split('\n').filter((name) => /^[a-z0-9_[\]-]+$/i.test(name));
  const links = applets
    .filter((name) => !hiddenApplets.has(name))
    .map((name) => ({ path: `bin/${name}`, linkPath: 'busybox' }));
  const bash = await firstStatic(bashPlaces);
  const files = [await describeFile('bin/busybox', busybox)];
  if (bash !== undefined) files.push(await describeFile('bin/bash', bash));
  return { files, links, hasBash: bash !== undefined };
}

async function firstStatic(places: readonly string[]): Promise<string | undefined> {
  for (const place of places) {
    const content = await readFile(place).catch(() => undefined);
    if (content !== undefined && isStatic(content)) return realpath(place);
  }
  return undefined;
}

function isStatic(content: Buffer): boolean {
  const elf = readElf(content);
  return elf !== undefined && elf.loader === undefined;
}

interface Interpreter {
  readonly files: readonly ToolFile[];
  command(tools: string): readonly string[];
}

async function findInterpreter(kind: ScriptKind, settings: ToolboxSettings): Promise<Interpreter> {
  if (kind === 'python') return findPython(settings.python);
  if (kind === 'javascript') return findNode(settings.node);
  return { files: [], command: () => [] };
}

async function findNode(program: string): Promise<Interpreter> {
  const real = await realpath(program);
  const libraries = await listLibraries([real]);
  return {
    files: [await describeFile('node/bin/node', real), ...(await packLibraries(libraries))],
    command: (tools) => [...loaderCommand(tools, libraries), `${tools}/node/bin/node`],
  };
}

const pythonFacts = `
import sys, sysconfig
print(sys.executable)
print('python%d.%d' % sys.version_info[:2])
print(sysconfig.get_path('stdlib'))
`;
/** Parts of the library that scripts do not need, or that install and load other code. */
const pythonOmitted = new Set([
  ...['test', 'tests', 'idlelib', 'lib2to3', 'ensurepip', 'tkinter', 'turtledemo', 'pydoc_data'],
  ...['site-packages', 'dist-packages', 'config', 'distutils', 'unittest'],
]);

async function findPython(program: string): Promise<Interpreter> {
  const { stdout } = await runTool(program, ['-I', '-S', '-c', pythonFacts]);
  const [executable = '', version = '', library = ''] = stdout.split('\n');
  const real = await realpath(executable);
  const modules = await listTree(library, pythonOmitted);
  const extensions = modules.filter((path) => path.endsWith('.so'));
  const libraries = await listLibraries([real, ...extensions.map((path) => join(library, path))]);
  return {
    files: [
      await describeFile('python/bin/python3', real),
      ...(await packLibraries(libraries)),
      ...(await Promise.all(
        modules.map((path) => describeFile(`python/lib/${version}/${path}`, join(library, path))),
      )),
    ],
    command: (tools) => [
      ...loaderCommand(tools, libraries),
      `${tools}/python/bin/python3`,
      // Without the environment, the directories of users, site-packages and byte code to write.
      ...['-I', '-S', '-B'],
    ],
  };
}

async function listTree(root: string, omitted: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const files = entries.flatMap((entry) => {
    if (!entry.isFile()) return [];
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    const isOmitted = path
      .split('/')
      .some((part) => omitted.has(part) || part.startsWith('config-'));
    return isOmitted ? [] : [path];
  });
  if (files.length === 0 || files.length > scriptServerLimits.toolFiles) {
    throw new ToolboxError(`${root}: expected the library of Python, got ${files.length} files`);
  }
  return files.toSorted();
}

/** The dynamic loader and all libraries, by what the loader itself says. */
async function listLibraries(programs: readonly string[]): Promise<string[]> {
  const [first = ''] = programs;
  const loader = readElf(await readFile(first))?.loader;
  if (loader === undefined || loader === '') {
    throw new ToolboxError(`${first} is not a program for Linux that is dynamically linked`);
  }
  const byName = new Map([[basename(loader), loader]]);
  for (const program of programs) {
    const { stdout } = await runTool(loader, ['--list', program]);
    for (const [, path = ''] of stdout.matchAll(/(\/\S+) \(0x[0-9a-f]+\)/g)) {
      if (!byName.has(basename(path))) byName.set(basename(path), path);
    }
  }
  // Loaded when a thread ends, and not linked.
  const libc = byName.get('libc.so.6');
  const extra = libc === undefined ? '' : join(dirname(libc), 'libgcc_s.so.1');
  if (existsSync(extra)) byName.set(basename(extra), extra);
  return [...byName.values()].toSorted();
}

function findLoader(libraries: Iterable<string>): string | undefined {
  return [...libraries].find((path) => /^ld[-.]/.test(basename(path)));
}

function packLibraries(libraries: readonly string[]): Promise<ToolFile[]> {
  return Promise.all(libraries.map((path) => describeFile(`lib/${basename(path)}`, path)));
}

function loaderCommand(tools: string, libraries: readonly string[]): string[] {
  const loader = basename(findLoader(libraries) ?? '');
  const isMusl = loader.includes('musl');
  return [
    `${tools}/lib/${loader}`,
    ...(isMusl ? [] : ['--inhibit-cache']),
    ...['--library-path', `${tools}/lib`],
  ];
}

async function describeFile(path: string, source: string): Promise<ToolFile> {
  const real = await realpath(source);
  const { size, mtimeMs } = await lstat(real);
  const isProgram = /^(bin|lib|python\/bin|node\/bin)\//.test(path) || path.endsWith('.so');
  const mode = isProgram ? 0o755 : 0o644;
  // Byte code of Python names the time of its source in seconds.
  return {
    path,
    source: real,
    sizeBytes: size,
    mode,
    mtimeMs: Math.floor(mtimeMs / 1_000) * 1_000,
  };
}

async function runTool(
  program: string,
  programArguments: readonly string[],
): Promise<{ readonly stdout: string }> {
  try {
    const options = { timeout: scriptServerLimits.toolProgramMs, maxBuffer: 4 * 1024 * 1024 };
    return await run(program, [...programArguments], {
      ...options,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    });
  } catch (error) {
    const { code } = error as { code?: string | number };
    const reason =
      code === 'ENOENT' ? 'not found' : ((error as Error).message.split('\n')[0] ?? '');
    throw new ToolboxError(`${program}: ${reason}`);
  }
}
