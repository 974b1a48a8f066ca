/** Programs that carry lists of what is in them, made without a network. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';

import type { Truth } from './compare.ts';
import { output } from './run-program.ts';

/** Modules of the Go program, as a vendor folder gives them to it. */
const goModules: readonly (readonly [path: string, version: string])[] = [
  ['example.org/alpha', 'v1.2.3'],
  ['example.org/beta/v2', 'v2.0.1'],
  ['example.org/gamma', 'v0.0.0-20240102030405-0123456789ab'],
  ['gopkg.in/delta.v3', 'v3.0.1'],
];

/** A Go program without symbols; its modules come from its own vendor folder. */
export async function buildGoProgram(target: string): Promise<void> {
  await inScratch(async (directory) => {
    const requires = goModules.map(([path, version]) => `\t${path} ${version}\n`).join('');
    const uses = goModules.map(([path]) => `import _ "${path}"\n`).join('');
    await put(
      directory,
      'go.mod',
      `module example.org/sample\n\ngo 1.19\n\nrequire (\n${requires})\n`,
    );
    await put(directory, 'main.go', `package main\n\n${uses}\nfunc main() {}\n`);
    const listed = goModules.map(
      ([path, version]) => `# ${path} ${version}\n## explicit; go 1.19\n${path}\n`,
    );
    await put(directory, 'vendor/modules.txt', listed.join(''));
    for (const [path] of goModules) {
      await put(directory, `vendor/${path}/code.go`, 'package code\n\nvar Used = 1\n');
    }
    await mkdir(dirname(target), { recursive: true });
    const environment = { GOFLAGS: '-mod=vendor', GOPROXY: 'off', CGO_ENABLED: '0' };
    const words = ['build', '-ldflags=-s -w', '-o', target, '.'];
    await output('go', words, { cwd: directory, environment });
  });
}

const crates: readonly (readonly [name: string, version: string, needs: readonly string[]])[] = [
  ['leaf', '0.1.0', []],
  ['branch', '2.3.4-beta.1', ['leaf']],
  ['other-branch', '1.0.0+build.7', ['leaf']],
  ['sample-rust', '0.9.9', ['branch', 'other-branch']],
];

interface CargoMetadata {
  readonly packages: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: string;
  }[];
}

/**
 * A Rust program with the section that `cargo auditable` adds (rust-secure-code/cargo-auditable,
 * PARSING.md): compressed JSON, put in by objcopy. Returns what cargo says of it.
 */
export async function buildRustProgram(target: string): Promise<Truth[]> {
  return inScratch(async (directory) => {
    for (const [name, version, needs] of crates) {
      const list = needs.map((need) => `${need} = { path = "../${need}" }\n`).join('');
      const head = `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2018"\n`;
      await put(directory, `${name}/Cargo.toml`, `${head}[dependencies]\n${list}`);
      const isProgram = name === 'sample-rust';
      await put(directory, `${name}/src/${isProgram ? 'main' : 'lib'}.rs`, 'fn main() {}\n');
    }
    const cwd = join(directory, 'sample-rust');
    await output('cargo', ['build', '--offline', '--quiet', '--release'], { cwd });
    const words = ['metadata', '--offline', '--format-version', '1'];
    const { packages } = JSON.parse(await output('cargo', words, { cwd })) as CargoMetadata;
    const audit = packages.map(({ name, version }) => ({
      ...{ name, version, source: 'local' },
      ...(name === 'sample-rust' && { root: true }),
    }));
    const section = join(directory, 'audit');
    await writeFile(section, deflateSync(JSON.stringify({ packages: audit })));
    await mkdir(dirname(target), { recursive: true });
    const built = join(cwd, 'target/release/sample-rust');
    await output('objcopy', ['--add-section', `.dep-v0=${section}`, built, target]);
    return packages.map(({ name, version }) => ({
      ecosystem: 'cargo',
      anyOf: [`${name}@${version}`],
    }));
  });
}

async function put(directory: string, path: string, text: string): Promise<void> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function inScratch<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-build-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
