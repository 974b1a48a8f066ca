/**
 * The trees that are measured, made once and kept among the temporary files: Debian's packages by
 * mmdebstrap, rpm's by rpmbuild and rpm, a project by npm, programs by cargo and go. Nothing comes
 * from a peer, so that no tool is measured against itself.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Truth } from './compare.ts';
import { buildGoProgram, buildRustProgram } from './programs.ts';
import { output } from './run-program.ts';
import { goTruths } from './go-truths.ts';
import {
  debTruths,
  gemTruths,
  mavenTruths,
  nodeTruths,
  npmTruths,
  pipTruths,
  rpmTruths,
} from './truths.ts';
import { buildApkRoot, buildRpmRoot } from './system-roots.ts';

export interface Corpus {
  readonly name: string;
  readonly describe: string;
  readonly root: string;
  readonly truths: readonly Truth[];
  /** A root with only packages of the distribution: any finding is a false positive. */
  readonly isClean: boolean;
}

interface Recipe extends Pick<Corpus, 'name' | 'describe' | 'isClean'> {
  make(root: string): Promise<void>;
  readonly truths: readonly ((root: string) => Promise<Truth[]>)[];
}

const place = join(tmpdir(), 'lazaret-accuracy');

const debian = (name: string, packages: readonly string[]): Recipe => ({
  name,
  describe: `Debian 12 minbase and ${packages.join(', ')}`,
  isClean: true,
  make: async (root) => {
    const include = `--include=${packages.join(',')}`;
    await output('mmdebstrap', ['--variant=minbase', '--quiet', include, 'bookworm', root]);
  },
  truths: [debTruths, pipTruths, gemTruths, nodeTruths, goTruths, mavenTruths],
});

const recipes: readonly Recipe[] = [
  debian('programs', [
    ...['containerd', 'runc', 'caddy', 'prometheus', 'ripgrep', 'fd-find', 'bat', 'nginx'],
    ...['redis-server', 'postgresql-client', 'sqlite3', 'curl', 'openssh-client'],
  ]),
  debian('languages', [
    ...['python3-pip', 'python3-requests', 'python3-yaml', 'python3-cryptography'],
    ...['python3-jinja2', 'python3-flask', 'python3-lxml', 'nodejs', 'npm', 'ruby', 'bundler'],
    ...['ruby-sinatra', 'ruby-nokogiri'],
  ]),
  debian('java', [
    ...['openjdk-17-jre-headless', 'maven', 'libcommons-lang3-java', 'liblog4j2-java'],
    ...['libjackson2-databind-java', 'libspring-core-java', 'libnetty-java'],
  ]),
  {
    name: 'application',
    describe: 'no distribution; an npm project, a Go program and a Rust program with audit data',
    isClean: false,
    make: async (root) => {
      await installProject(join(root, 'srv/app'));
      await buildGoProgram(join(root, 'usr/local/bin/sample-go'));
      const declared = await buildRustProgram(join(root, 'usr/local/bin/sample-rust'));
      await writeFile(`${root}.cargo.json`, JSON.stringify(declared));
    },
    truths: [
      goTruths,
      (root) => npmTruths(join(root, 'srv/app')),
      (root) => listed(`${root}.cargo.json`),
    ],
  },
  {
    name: 'rpm',
    describe: '120 packages by rpmbuild, installed by rpm (SQLite)',
    isClean: true,
    make: buildRpmRoot,
    truths: [rpmTruths],
  },
  {
    name: 'apk',
    describe: "a generated database of 2,000 packages, for Debian has no apk; the generator's list",
    isClean: true,
    make: async (root) => {
      await writeFile(`${root}.apk.json`, JSON.stringify(await buildApkRoot(root, 2_000)));
    },
    truths: [(root) => listed(`${root}.apk.json`)],
  },
];

/** Creates missing roots, and queries the package managers. */
export async function* openCorpora(wanted: readonly string[]): AsyncGenerator<Corpus> {
  await mkdir(place, { recursive: true });
  for (const recipe of recipes) {
    if (wanted.length > 0 && !wanted.includes(recipe.name)) continue;
    const { name, describe, isClean } = recipe;
    const root = join(place, name);
    if (!existsSync(root)) await make(recipe, root);
    const truths = await Promise.all(recipe.truths.map((ask) => ask(root)));
    yield { name, describe, isClean, root, truths: truths.flat() };
  }
}

/** Incomplete roots are removed. */
async function make(recipe: Recipe, root: string): Promise<void> {
  try {
    await recipe.make(root);
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

async function listed(file: string): Promise<Truth[]> {
  return JSON.parse(await readFile(file, 'utf8')) as Truth[];
}

const dependencies = {
  ...{ express: '4', webpack: '5', '@babel/core': '7', eslint: '8', esbuild: '0.21', lodash: '4' },
  ...{ 'aws-sdk': '2', jest: '29', 'left-pad': '1', '@types/node': '20', request: '2' },
};

async function installProject(project: string): Promise<void> {
  await mkdir(project, { recursive: true });
  const manifest = { name: 'sample-app', version: '1.2.3', private: true, dependencies };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  await output('npm', words, { cwd: project });
}
